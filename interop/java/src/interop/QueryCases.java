package interop;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.rocketmq.client.QueryResult;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** Finding messages again: by key, by id, by time. */
final class QueryCases {
    private static final int NO_MESSAGE = 208;

    static final List<Case> ALL = List.of(
            Case.together("query-by-key", QueryCases::byKey),
            Case.together("query-by-id", QueryCases::byId),
            Case.together("query-offsets", QueryCases::offsets));

    private QueryCases() {}

    /** Bodies of the messages with a key, sorted. */
    static List<String> find(Context c, String topic, String key, int max) throws Exception {
        try {
            QueryResult result = c.producer().queryMessage(topic, key, max, 0, Long.MAX_VALUE);
            return result.getMessageList().stream().map(Context::body).sorted().collect(Collectors.toList());
        } catch (MQClientException error) {
            Check.equal("code of " + error.getErrorMessage(), NO_MESSAGE, error.getResponseCode());
            return List.of();
        }
    }

    private static void byKey(Context c) throws Exception {
        String topic = c.topic(2);
        for (int i = 0; i < 6; i++) {
            Message message = Context.message(topic, "", "body" + i);
            // "Aa" and "BB" have the same hash: an index that stores only hashes must not mix them up.
            message.setKeys(List.of("order-" + i, i % 2 == 0 ? "even" : "odd", i == 0 ? "Aa" : "BB"));
            c.send(message);
        }
        c.send(Context.message(topic, "", "no keys"));
        Check.eventually("even", () -> find(c, topic, "even", 32).equals(List.of("body0", "body2", "body4")));
        Check.eventually("odd", () -> find(c, topic, "odd", 32).equals(List.of("body1", "body3", "body5")));
        Check.equal("one", List.of("body3"), find(c, topic, "order-3", 32));
        Check.equal("Aa", List.of("body0"), find(c, topic, "Aa", 32));
        Check.equal("two at most", 2, find(c, topic, "odd", 2).size());
        Check.equal("unknown key", List.of(), find(c, topic, "order-99", 32));
        Check.equal("other topic", List.of(), find(c, c.topic(1), "odd", 32));
    }

    private static void byId(Context c) throws Exception {
        String topic = c.topic(2);
        List<SendResult> sent = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            sent.add(c.send(Context.message(topic, "TagA", "body" + i)));
        }
        for (int i = 0; i < 4; i++) {
            SendResult result = sent.get(i);
            same(result, "body" + i, c.producer().viewMessage(topic, result.getOffsetMsgId()));
            String unique = result.getMsgId();
            // The index is written a moment after the message.
            Check.eventually("index of " + unique, () -> indexed(c, topic, unique));
            same(result, "body" + i, c.producer().viewMessage(topic, unique));
        }
        String unknown = sent.get(0).getMsgId().replaceAll("....$", "FFFF");
        Check.refused("unknown id", Exception.class, () -> c.producer().viewMessage(topic, unknown));
    }

    private static boolean indexed(Context c, String topic, String uniqueId) throws Exception {
        try {
            return c.producer().viewMessage(topic, uniqueId) != null;
        } catch (MQClientException error) {
            return false;
        }
    }

    private static void same(SendResult sent, String body, MessageExt found) {
        Check.equal("body", body, Context.body(found));
        Check.equal("tags", "TagA", found.getTags());
        Check.equal("queue", sent.getMessageQueue().getQueueId(), found.getQueueId());
        Check.equal("offset", sent.getQueueOffset(), found.getQueueOffset());
        Check.isTrue("store time", found.getStoreTimestamp() >= found.getBornTimestamp() - 1000);
    }

    private static void offsets(Context c) throws Exception {
        String topic = c.topic(1);
        MessageQueue queue = c.queues(topic).get(0);
        long before = System.currentTimeMillis();
        for (int i = 0; i < 5; i++) {
            c.send(Context.message(topic, "", "body" + i));
            Thread.sleep(30);
        }
        Check.equal("min", 0L, c.producer().minOffset(queue));
        Check.equal("max", 5L, c.producer().maxOffset(queue));
        List<MessageExt> found = c.readAll(topic);
        for (int i = 0; i < 5; i++) {
            long stored = found.get(i).getStoreTimestamp();
            Check.equal("at the time of " + i, (long) i, c.producer().searchOffset(queue, stored));
            Check.equal("after the time of " + i, i + 1L, c.producer().searchOffset(queue, stored + 1));
        }
        Check.equal("before all", 0L, c.producer().searchOffset(queue, before - 60_000));
        Check.equal("after all", 5L, c.producer().searchOffset(queue, System.currentTimeMillis() + 60_000));
        Check.equal("earliest", found.get(0).getStoreTimestamp(), c.reader().earliestMsgStoreTime(queue));
    }
}
