package interop;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** A store whose oldest files FerroMQ has deleted: Apache's broker sees the same first and next offsets, and the same messages. */
final class DeletedStoreCase {
    /** Log files are of 1 MiB: fewer than are written, and more than what comes after the deleted ones. */
    private static final String LIMIT = "maxCommitLogBytes=" + (7 << 20);

    private static final int SMALL = 5;
    /** Of 400 kB each, two in a file of the log: more than are kept. */
    private static final int BIG = 20;
    private static final int BIG_BYTES = 400_000;
    private static final int BIG_IN_WRITER = 2;

    private final Context c;
    private final StoreWriter writer;
    private final String topic;

    private DeletedStoreCase(Context c, boolean hasLongGroup) {
        this.c = c;
        writer = new StoreWriter(c, hasLongGroup, BIG_IN_WRITER);
        topic = c.fresh("old");
    }

    /** What clients see of a queue. */
    private record Seen(long first, long next, List<String> messages) {}

    static void run(Context c, boolean hasLongGroup) throws Exception {
        new DeletedStoreCase(c, hasLongGroup).run();
    }

    private void run() throws Exception {
        start("ferromq " + c.name + " clean " + LIMIT);
        c.createTopic(topic, 2);
        List<String> deleted = fill();
        writer.write(0);
        // All messages of the first queue are gone, and some of the second.
        Check.eventually("deletion of the oldest files", () -> first(0) == SMALL && first(1) > SMALL);
        // Without the limit nothing is deleted any more.
        start("ferromq " + c.name + " clean");
        writer.awaitBroker();
        Map<Integer, Seen> before = look();
        StoreSnapshot others = StoreSnapshot.take(c, writer, writer.keys());
        Check.equal("first and next offset of a queue without messages", SMALL + "/" + SMALL,
                before.get(0).first() + "/" + before.get(0).next());
        Check.isTrue("nothing is left of a queue", !before.get(1).messages().isEmpty());
        c.event("of " + before.get(1).next() + " messages those from " + before.get(1).first() + " on are left");
        for (String server : List.of("apache", "ferromq")) {
            start(server + " " + c.name + " clean");
            writer.awaitBroker();
            Check.equal("queues under " + server, before, look());
            others.compareWith(StoreSnapshot.take(c, writer, others.keys()));
            for (String key : deleted) {
                Check.isTrue("found under the key of a deleted message: " + key, isUnknown(key));
            }
            // Offsets go on where they stood.
            for (int id = 0; id < 2; id++) {
                Message message = Context.message(topic, "", "after " + server);
                Check.equal("offset in queue " + id, before.get(id).next(), c.send(message, queue(id)).getQueueOffset());
            }
            before = look();
            c.event(server + " goes on with it");
        }
        c.ask("switch-broker none - clean");
    }

    private void start(String words) throws Exception {
        // All delays are long: what waits stays where it is.
        c.ask("switch-broker " + words + " " + StoreCases.delayLevels(0));
    }

    private MessageQueue queue(int id) {
        return new MessageQueue(topic, "broker-a", id);
    }

    private long first(int id) throws Exception {
        return c.reader().minOffset(queue(id));
    }

    /** A few messages in both queues, and large ones in the second; returns the keys of those that will be deleted. */
    private List<String> fill() throws Exception {
        List<String> keys = new ArrayList<>();
        for (int i = 0; i < SMALL * 2; i++) {
            Message message = Context.message(topic, "", "small " + i);
            message.setKeys("small-" + i);
            keys.add("small-" + i);
            c.send(message, queue(i % 2));
        }
        for (int i = 0; i < BIG; i++) {
            byte[] body = new byte[BIG_BYTES];
            new Random(i).nextBytes(body);
            c.send(new Message(topic, "Big", "big-" + i, body), queue(1));
        }
        return keys;
    }

    private Map<Integer, Seen> look() throws Exception {
        Map<Integer, Seen> seen = new LinkedHashMap<>();
        for (int id = 0; id < 2; id++) {
            List<MessageExt> found = StoreSnapshot.read(c, queue(id));
            seen.put(id, new Seen(first(id), c.reader().maxOffset(queue(id)), found.stream().map(StoreSnapshot::describe).toList()));
        }
        return seen;
    }

    private boolean isUnknown(String key) throws Exception {
        try {
            return c.producer().queryMessage(topic, key, 32, 0, Long.MAX_VALUE).getMessageList().isEmpty();
        } catch (MQClientException none) {
            return true;
        }
    }
}
