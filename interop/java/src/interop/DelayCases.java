package interop;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/** Messages with a delay level. The driver configures `1s 2s 1s ... 1s 3s` (18 levels). */
final class DelayCases {
    static final List<Case> ALL = List.of(Case.together("delay-levels", DelayCases::levels));

    /** How late a message may be on a busy machine. */
    private static final long LATE_MILLIS = 30_000;

    private DelayCases() {}

    private static void levels(Context c) throws Exception {
        String topic = c.topic(4);
        Map<String, Long> arrived = new ConcurrentHashMap<>();
        Received received = new Received();
        DefaultMQPushConsumer consumer = c.push(c.fresh("g"));
        consumer.subscribe(topic, "TagD");
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            for (MessageExt message : messages) {
                arrived.put(Context.body(message), System.currentTimeMillis());
                received.add(message);
            }
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        consumer.start();
        // Level to milliseconds; 99 is beyond the table and means the last level; 0 is no delay.
        Map<Integer, Long> expected = new HashMap<>(Map.of(0, 0L, 1, 1000L, 2, 2000L, 18, 3000L, 99, 3000L));
        Map<Integer, Long> sentAt = new HashMap<>();
        for (int level : expected.keySet()) {
            Message message = Context.message(topic, "TagD", "level" + level);
            message.setKeys("key" + level);
            message.setDelayTimeLevel(level);
            sentAt.put(level, System.currentTimeMillis());
            c.send(message, c.queues(topic).get(level % 4));
        }
        long visible = c.messagesIn(topic);
        // On a busy machine the shortest delays are over by now.
        long now = System.currentTimeMillis();
        long due = expected.keySet().stream().filter(level -> sentAt.get(level) + expected.get(level) <= now).count();
        Check.isTrue(visible + " visible, " + due + " due", visible >= 1 && visible <= due);
        received.awaitExactly(List.of("level0", "level1", "level2", "level18", "level99"));
        expected.forEach((level, delay) -> {
            long waited = arrived.get("level" + level) - sentAt.get(level);
            c.event("level " + level + " came after " + waited + " ms");
            Check.isTrue("level " + level + " early: " + waited + " ms", waited >= delay);
            Check.isTrue("level " + level + " late: " + waited + " ms", waited < delay + LATE_MILLIS);
        });
        received.list().forEach(message -> delivered(message, topic));
    }

    /** The message is in its own topic and queue; the bookkeeping properties stay visible, as with Apache's broker. */
    private static void delivered(MessageExt message, String topic) {
        int level = Integer.parseInt(Context.body(message).substring(5));
        Check.equal("topic", topic, message.getTopic());
        Check.equal("queue of level " + level, level % 4, message.getQueueId());
        Check.equal("keys", "key" + level, message.getKeys());
        Check.equal("reconsume times", 0, message.getReconsumeTimes());
        if (level > 0) {
            Check.equal("real topic", topic, message.getProperty("REAL_TOPIC"));
            Check.equal("real queue", String.valueOf(level % 4), message.getProperty("REAL_QID"));
            Check.equal("delay", String.valueOf(Math.min(level, 18)), message.getProperty("DELAY"));
        }
    }
}
