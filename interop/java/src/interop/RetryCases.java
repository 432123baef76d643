package interop;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/** Failed messages: sent back, delivered again, and at last in the dead-letter queue. */
final class RetryCases {
    static final List<Case> ALL = List.of(
            Case.together("retry-to-dead-letter", RetryCases::toDeadLetter),
            Case.together("retry-then-success", RetryCases::thenSuccess),
            Case.together("retry-straight-to-dead-letter", RetryCases::straightToDeadLetter),
            Case.together("retry-part-of-batch", RetryCases::partOfBatch),
            Case.together("retry-dead-letter-consumed", RetryCases::deadLetterConsumed));

    private RetryCases() {}

    private static DefaultMQPushConsumer consumer(
            Context c, String group, String topic, int max, MessageListenerConcurrently listener) throws Exception {
        DefaultMQPushConsumer consumer = c.push(group);
        consumer.setMaxReconsumeTimes(max);
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener(listener);
        return consumer;
    }

    private static void toDeadLetter(Context c) throws Exception {
        String topic = c.topic(1);
        String group = c.fresh("g");
        Received received = new Received();
        consumer(c, group, topic, 3, (messages, context) -> {
            messages.forEach(received::add);
            messages.forEach(message -> c.event("attempt " + message.getReconsumeTimes()));
            return ConsumeConcurrentlyStatus.RECONSUME_LATER;
        }).start();
        Message message = Context.message(topic, "TagA", "never works");
        message.setKeys("dead-key");
        message.putUserProperty("who", "me");
        SendResult sent = c.send(message);
        String deadLetters = "%DLQ%" + group;
        Check.eventually("dead letter", () -> c.messagesIn(deadLetters) == 1);
        List<MessageExt> attempts = received.list();
        Check.equal("attempts", List.of(0, 1, 2, 3), attempts.stream().map(MessageExt::getReconsumeTimes).toList());
        for (MessageExt attempt : attempts) {
            Check.equal("topic", topic, attempt.getTopic());
            Check.equal("message id", sent.getMsgId(), attempt.getMsgId());
            common(attempt);
        }
        Check.equal("first offset id", sent.getOffsetMsgId(), attempts.get(3).getProperty("ORIGIN_MESSAGE_ID"));
        MessageExt dead = c.readAll(deadLetters).get(0);
        Check.equal("queue", 0, dead.getQueueId());
        Check.equal("topic", deadLetters, dead.getTopic());
        Check.equal("original topic", topic, dead.getProperty("RETRY_TOPIC"));
        Check.equal("first offset id", sent.getOffsetMsgId(), dead.getProperty("ORIGIN_MESSAGE_ID"));
        Check.equal("reconsume times", 4, dead.getReconsumeTimes());
        common(dead);
    }

    /** What every attempt and the dead letter keep of the message. */
    private static void common(MessageExt message) {
        Check.equal("body", "never works", Context.body(message));
        Check.equal("tags", "TagA", message.getTags());
        Check.equal("keys", "dead-key", message.getKeys());
        Check.equal("property", "me", message.getUserProperty("who"));
    }

    /** The consumer chooses the delay level of the next attempt; the attempt is not early. */
    private static void thenSuccess(Context c) throws Exception {
        String topic = c.topic(1);
        String group = c.fresh("g");
        Map<Integer, Long> seenAt = new ConcurrentHashMap<>();
        DefaultMQPushConsumer consumer = consumer(c, group, topic, 16, (messages, context) -> {
            MessageExt message = messages.get(0);
            seenAt.put(message.getReconsumeTimes(), System.currentTimeMillis());
            context.setDelayLevelWhenNextConsume(2);
            return message.getReconsumeTimes() < 2
                    ? ConsumeConcurrentlyStatus.RECONSUME_LATER
                    : ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        consumer.start();
        c.send(Context.message(topic, "", "works later"));
        Check.eventually("third attempt", () -> seenAt.containsKey(2));
        for (int i = 0; i < 2; i++) {
            long waited = seenAt.get(i + 1) - seenAt.get(i);
            c.event("attempt " + (i + 1) + " came after " + waited + " ms");
            // Level 2 is two seconds; the clock starts when the broker stores the message that was sent back.
            Check.isTrue("attempt " + (i + 1) + " early: " + waited + " ms", waited >= 1990);
        }
        consumer.shutdown();
        Check.equal("dead letters", 0, c.queues("%DLQ%" + group).size());
    }

    private static void straightToDeadLetter(Context c) throws Exception {
        String topic = c.topic(1);
        String group = c.fresh("g");
        Received received = new Received();
        consumer(c, group, topic, 16, (messages, context) -> {
            messages.forEach(received::add);
            context.setDelayLevelWhenNextConsume(-1);
            return ConsumeConcurrentlyStatus.RECONSUME_LATER;
        }).start();
        c.send(Context.message(topic, "", "hopeless"));
        Check.eventually("dead letter", () -> c.messagesIn("%DLQ%" + group) == 1);
        Check.equal("attempts", 1, received.count());
    }

    /** Of a listener batch only the messages after the acknowledged index come again. */
    private static void partOfBatch(Context c) throws Exception {
        String topic = c.topic(1);
        String group = c.fresh("g");
        c.sendMany(topic, "m", 4);
        Received done = new Received();
        Received again = new Received();
        DefaultMQPushConsumer consumer = consumer(c, group, topic, 16, (messages, context) -> {
            if (messages.get(0).getReconsumeTimes() > 0) {
                messages.forEach(again::add);
                return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
            }
            int good = (int) messages.stream().filter(message -> message.getQueueOffset() < 2).count();
            messages.subList(0, good).forEach(done::add);
            context.setAckIndex(good - 1);
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        consumer.setConsumeMessageBatchMaxSize(4);
        consumer.start();
        done.awaitExactly(List.of("m0", "m1"));
        again.awaitExactly(List.of("m2", "m3"));
    }

    /** The dead-letter topic is an ordinary topic for a consumer that subscribes to it. */
    private static void deadLetterConsumed(Context c) throws Exception {
        String topic = c.topic(1);
        String group = c.fresh("g");
        consumer(c, group, topic, 0, (messages, context) -> ConsumeConcurrentlyStatus.RECONSUME_LATER).start();
        c.send(Context.message(topic, "", "no second chance"));
        String deadLetters = "%DLQ%" + group;
        Check.eventually("dead letter", () -> c.messagesIn(deadLetters) == 1);
        Received received = new Received();
        DefaultMQPushConsumer undertaker = c.push(c.fresh("g"));
        undertaker.subscribe(deadLetters, "*");
        undertaker.registerMessageListener(received.concurrently());
        undertaker.start();
        received.awaitExactly(List.of("no second chance"));
    }
}
