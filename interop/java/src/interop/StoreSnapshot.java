package interop;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.rocketmq.client.QueryResult;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.PullResult;
import org.apache.rocketmq.client.consumer.PullStatus;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.common.message.MessageClientExt;
import org.apache.rocketmq.common.message.MessageClientIDSetter;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** All that clients can see of a store. */
final class StoreSnapshot {
    /** Added by the client to what it pulled. */
    private static final List<String> ADDED = List.of("MIN_OFFSET", "MAX_OFFSET");

    private final Map<MessageQueue, List<String>> messages = new LinkedHashMap<>();
    private final Map<String, List<String>> byKey = new LinkedHashMap<>();
    private final Map<String, String> byId = new LinkedHashMap<>();
    private final Map<String, Long> byTime = new LinkedHashMap<>();
    private final Map<MessageQueue, Long> progress = new LinkedHashMap<>();

    private StoreSnapshot() {}

    static StoreSnapshot take(Context c, StoreWriter writer, List<String> keys) throws Exception {
        StoreSnapshot taken = new StoreSnapshot();
        List<MessageExt> samples = new ArrayList<>();
        for (MessageQueue queue : writer.queues()) {
            Check.equal("first offset of " + queue, 0L, Math.max(0, c.reader().minOffset(queue)));
            List<MessageExt> found = read(c, queue);
            taken.messages.put(queue, found.stream().map(StoreSnapshot::describe).toList());
            if (queue.getTopic().equals(writer.plain)) {
                for (int i = 0; i < found.size(); i += 37) {
                    samples.add(found.get(i));
                }
                samples.add(found.get(found.size() - 1));
            }
        }
        awaitIndexed(c, samples);
        for (String key : keys) {
            taken.byKey.put(key, find(c, writer.plain, key));
        }
        for (MessageExt message : samples) {
            taken.look(c, message);
        }
        DefaultMQPullConsumer committer = c.pull(writer.committer);
        for (MessageQueue queue : c.queues(writer.plain)) {
            taken.progress.put(queue, committer.fetchConsumeOffset(queue, true));
        }
        committer.shutdown();
        return taken;
    }

    /** Every message of a queue, from the first to the last. */
    static List<MessageExt> read(Context c, MessageQueue queue) throws Exception {
        List<MessageExt> all = new ArrayList<>();
        long end = c.reader().maxOffset(queue);
        long at = c.reader().minOffset(queue);
        while (at < end) {
            PullResult result = c.reader().pull(queue, "*", at, 32);
            Check.equal("pull status in " + queue + " at " + at, PullStatus.FOUND, result.getPullStatus());
            all.addAll(result.getMsgFoundList());
            at = result.getNextBeginOffset();
        }
        return all;
    }

    /** Finds one message by both of its ids and by its time. */
    private void look(Context c, MessageExt message) throws Exception {
        String topic = message.getTopic();
        String offsetId = ((MessageClientExt) message).getOffsetMsgId();
        byId.put(offsetId, describe(c.producer().viewMessage(topic, offsetId)));
        String unique = MessageClientIDSetter.getUniqID(message);
        byId.put(unique, describe(c.producer().viewMessage(topic, unique)));
        MessageQueue queue = new MessageQueue(topic, message.getBrokerName(), message.getQueueId());
        // Among messages of the same millisecond 4.9 finds any, later versions the first.
        if (c.options.server().endsWith("4.9")) {
            return;
        }
        byTime.put(queue + "@" + message.getStoreTimestamp(), c.producer().searchOffset(queue, message.getStoreTimestamp()));
    }

    /** The index is written a moment after the messages, in their order: the last one is found when all are. */
    private static void awaitIndexed(Context c, List<MessageExt> samples) throws Exception {
        MessageExt last = Collections.max(samples, Comparator.comparing(MessageExt::getCommitLogOffset));
        String unique = MessageClientIDSetter.getUniqID(last);
        Check.eventually("index up to " + unique, () -> {
            try {
                return c.producer().viewMessage(last.getTopic(), unique) != null;
            } catch (MQClientException notYet) {
                return false;
            }
        });
    }

    private static List<String> find(Context c, String topic, String key) throws Exception {
        try {
            QueryResult result = c.producer().queryMessage(topic, key, 32, 0, Long.MAX_VALUE);
            return result.getMessageList().stream().map(StoreSnapshot::describe).sorted().toList();
        } catch (MQClientException none) {
            return List.of();
        }
    }

    /** Every field that the store keeps. */
    static String describe(MessageExt m) {
        Map<String, String> properties = new TreeMap<>(m.getProperties());
        ADDED.forEach(properties::remove);
        return String.join(" ", m.getTopic(), m.getQueueId() + "@" + m.getQueueOffset(), "log " + m.getCommitLogOffset(),
                "size " + m.getStoreSize(), "flags " + m.getFlag() + "/" + m.getSysFlag(),
                "born " + m.getBornTimestamp() + " " + m.getBornHost(), "stored " + m.getStoreTimestamp() + " " + m.getStoreHost(),
                "times " + m.getReconsumeTimes(), "crc " + m.getBodyCRC(), "body " + Arrays.hashCode(m.getBody()),
                properties.toString());
    }

    List<String> keys() {
        return List.copyOf(byKey.keySet());
    }

    long messages() {
        return messages.values().stream().mapToLong(List::size).sum();
    }

    /** Everything of this snapshot is in the later one, in its place; messages may have been added. */
    void compareWith(StoreSnapshot later) {
        messages.forEach((queue, expected) -> {
            List<String> found = later.messages.get(queue);
            for (int i = 0; i < expected.size(); i++) {
                String at = queue.getTopic() + "/" + queue.getQueueId() + "@" + i;
                Check.isTrue("nothing at " + at, i < found.size());
                Check.equal("message at " + at, expected.get(i), found.get(i));
            }
        });
        byKey.forEach((key, expected) -> {
            Check.isTrue("nothing was found under " + key + " before", !expected.isEmpty());
            Check.equal("found under " + key, expected, later.byKey.get(key));
        });
        byId.forEach((id, expected) -> Check.equal("found by " + id, expected, later.byId.get(id)));
        byTime.forEach((time, expected) -> Check.equal("found at " + time, expected, later.byTime.get(time)));
        progress.forEach((queue, expected) -> {
            Check.isTrue("no progress in " + queue, expected > 0);
            Check.equal("progress in " + queue, expected, later.progress.get(queue));
        });
    }
}
