package interop;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.rocketmq.client.consumer.PullResult;
import org.apache.rocketmq.client.consumer.PullStatus;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/**
 * A store whose oldest files one server has deleted, in the hands of the other and back: the same first and next offsets, and
 * the same messages. What Apache's broker makes of its own deletions is the control for what it makes of FerroMQ's.
 */
final class DeletedStoreCase {
    /** Log files are of 1 MiB: fewer than are written. */
    private static final String FERROMQ_DELETES = "maxCommitLogBytes=" + (7 << 20);
    /** At any hour, whatever its age: everything but the newest file. */
    private static final String APACHE_DELETES = "fileReservedTime=0 deleteWhen=0;1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16;17;18;19;20;21;22;23";
    /** It looks for the first time a minute after its start. */
    private static final int DELETION_SECONDS = 150;

    private static final int QUEUES = 3;
    private static final int EMPTIED = 0;
    private static final int HALVED = 1;
    private static final int AT_FILE_START = 2;
    private static final int SMALL = 5;
    /** Entries in a file of a queue. */
    private static final int FILE = 50;
    /** Of 400 kB each, two in a file of the log: more than are kept. */
    private static final int BIG = 20;
    private static final int BIG_BYTES = 400_000;
    private static final int BIG_IN_WRITER = 2;

    private final Context c;
    private final String deleter;
    private final StoreWriter writer;
    private final String topic;
    private final List<String> deletedKeys = new ArrayList<>();
    /** Whether the running broker found the first queue without messages, or has deleted them itself. */
    private boolean isEmptied = true;

    private DeletedStoreCase(Context c, String deleter, boolean hasLongGroup) {
        this.c = c;
        this.deleter = deleter;
        writer = new StoreWriter(c, hasLongGroup, BIG_IN_WRITER);
        topic = c.fresh("old");
    }

    /** What clients see of a queue. */
    private record Seen(long first, long next, List<String> messages) {
        @Override
        public String toString() {
            return first + " to " + next + " with " + messages.size() + " messages " + messages.hashCode();
        }
    }

    static void run(Context c, String deleter, boolean hasLongGroup) throws Exception {
        new DeletedStoreCase(c, deleter, hasLongGroup).run();
    }

    private void run() throws Exception {
        String other = deleter.equals("apache") ? "ferromq" : "apache";
        start(deleter, deleter.equals("apache") ? APACHE_DELETES : FERROMQ_DELETES);
        c.createTopic(topic, QUEUES);
        fill();
        Check.within(DELETION_SECONDS, "deletion of the oldest files", () -> first(HALVED) > SMALL && first(AT_FILE_START) == FILE);
        Check.equal("the emptied queue", new Seen(SMALL, SMALL, List.of()), look(deleter, EMPTIED));
        // From now on nothing is deleted; up to now more may have been.
        start(deleter, "");
        Check.eventually("route of " + topic, () -> c.queues(topic).size() == QUEUES);
        Map<Integer, Seen> before = look(deleter);
        Check.equal("the emptied queue after a restart", new Seen(SMALL, SMALL, List.of()), before.get(EMPTIED));
        Check.isTrue("nothing is left of a queue", !before.get(HALVED).messages().isEmpty());
        Check.equal("messages of a queue that begins with a file", SMALL, before.get(AT_FILE_START).messages().size());
        Check.equal("first offset at the start of a file", (long) FILE, before.get(AT_FILE_START).first());
        c.event("left of the queues: " + before);
        writer.write(0);
        StoreSnapshot others = StoreSnapshot.take(c, writer, writer.keys());
        for (String server : List.of(other, deleter)) {
            start(server, "");
            writer.awaitBroker();
            Check.equal("queues under " + server, before, look(server));
            others.compareWith(StoreSnapshot.take(c, writer, others.keys()));
            for (String key : deletedKeys) {
                Check.isTrue("found under the key of a deleted message: " + key, isUnknown(key));
            }
            // Offsets go on where they stood.
            for (int id = 0; id < QUEUES; id++) {
                Message message = Context.message(topic, "", "after " + server);
                Check.equal("offset in queue " + id, before.get(id).next(), c.send(message, queue(id)).getQueueOffset());
            }
            before = look(server);
            isEmptied = false;
            c.event(server + " goes on with it");
        }
        c.ask("switch-broker none - clean");
    }

    private void start(String server, String settings) throws Exception {
        // All delays are long: what waits stays where it is.
        c.ask("switch-broker " + server + " " + c.name + " clean " + StoreCases.delayLevels(0) + " " + settings);
    }

    private MessageQueue queue(int id) {
        return new MessageQueue(topic, "broker-a", id);
    }

    private long first(int id) throws Exception {
        return c.reader().minOffset(queue(id));
    }

    /** All that is deleted of the first queue; most of the second; of the third exactly the first file. */
    private void fill() throws Exception {
        // Not at the start of the log: what 4.9 looks for there it takes from the first file, whatever that holds now.
        sendSmall(HALVED, SMALL);
        sendSmall(EMPTIED, SMALL);
        sendSmall(AT_FILE_START, FILE);
        for (int i = 0; i < BIG; i++) {
            byte[] body = new byte[BIG_BYTES];
            new Random(i).nextBytes(body);
            c.send(new Message(topic, "Big", "big-" + i, body), queue(HALVED));
        }
        for (int i = 0; i < SMALL; i++) {
            c.send(Context.message(topic, "", "kept " + i), queue(AT_FILE_START));
        }
    }

    private void sendSmall(int id, int count) throws Exception {
        for (int i = 0; i < count; i++) {
            String key = "small-" + id + "-" + i;
            Message message = Context.message(topic, "", key);
            message.setKeys(key);
            deletedKeys.add(key);
            c.send(message, queue(id));
        }
    }

    private Map<Integer, Seen> look(String server) throws Exception {
        Map<Integer, Seen> seen = new LinkedHashMap<>();
        for (int id = 0; id < QUEUES; id++) {
            seen.put(id, look(server, id));
        }
        return seen;
    }

    /** What is seen of a queue in the hands of `server`. */
    private Seen look(String server, int id) throws Exception {
        long first = first(id);
        if (id == EMPTIED && forgetsFirst(server)) {
            Check.equal("first offset of a queue that 4.9 found without messages", 0L, first);
            first = SMALL;
        }
        long next = c.reader().maxOffset(queue(id));
        List<String> found = readFrom(id, first, next);
        // Whoever begins below the first offset is led to it.
        Check.equal("read from 0 in queue " + id + " under " + server, found, readFrom(id, 0, next));
        return new Seen(first, next, found);
    }

    /** 4.9 knows where a queue begins only if an entry leads to a message, also after deletions of its own. */
    private boolean forgetsFirst(String server) {
        return server.equals("apache") && c.options.server().endsWith("4.9") && isEmptied;
    }

    private List<String> readFrom(int id, long from, long next) throws Exception {
        List<String> all = new ArrayList<>();
        long at = from;
        while (at < next) {
            PullResult result = c.reader().pull(queue(id), "*", at, 32);
            if (result.getPullStatus() == PullStatus.FOUND) {
                result.getMsgFoundList().stream().map(StoreSnapshot::describe).forEach(all::add);
            } else {
                Check.isTrue(result.getPullStatus() + " at " + at + " of " + from, from == 0 && all.isEmpty());
            }
            Check.isTrue("no way on from " + at, at < result.getNextBeginOffset());
            at = result.getNextBeginOffset();
        }
        return all;
    }

    private boolean isUnknown(String key) throws Exception {
        try {
            return c.producer().queryMessage(topic, key, 32, 0, Long.MAX_VALUE).getMessageList().isEmpty();
        } catch (MQClientException none) {
            return true;
        }
    }
}
