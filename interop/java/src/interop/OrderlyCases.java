package interop;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerOrderly;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** Push consumers with order per queue, and the queue locks behind them. */
final class OrderlyCases {
    static final List<Case> ALL = List.of(
            Case.together("orderly-per-queue", OrderlyCases::perQueue),
            Case.together("orderly-suspend", OrderlyCases::suspend),
            Case.together("orderly-dead-letter", OrderlyCases::deadLetter),
            Case.together("orderly-two-members", OrderlyCases::twoMembers));

    private OrderlyCases() {}

    /** Offsets of each queue in the order of their first arrival are 0, 1, 2, ... */
    private static void inOrder(List<MessageExt> messages) {
        Map<Integer, Long> next = new HashMap<>();
        for (MessageExt message : messages) {
            long expected = next.getOrDefault(message.getQueueId(), 0L);
            if (message.getQueueOffset() >= expected) {
                Check.equal("next of queue " + message.getQueueId(), expected, message.getQueueOffset());
                next.put(message.getQueueId(), expected + 1);
            }
        }
    }

    private static void perQueue(Context c) throws Exception {
        String topic = c.topic(4);
        List<String> bodies = c.sendMany(topic, "m", 100);
        Received received = new Received();
        Map<Integer, AtomicBoolean> busy = new ConcurrentHashMap<>();
        AtomicReference<String> problem = new AtomicReference<>();
        DefaultMQPushConsumer consumer = c.push(c.fresh("g"));
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener((MessageListenerOrderly) (messages, context) -> {
            int queue = messages.get(0).getQueueId();
            AtomicBoolean mark = busy.computeIfAbsent(queue, id -> new AtomicBoolean());
            if (!mark.compareAndSet(false, true)) {
                problem.set("two threads in queue " + queue);
            }
            messages.forEach(received::add);
            mark.set(false);
            return ConsumeOrderlyStatus.SUCCESS;
        });
        consumer.start();
        received.awaitExactly(bodies);
        Check.equal("problem", null, problem.get());
        inOrder(received.list());
    }

    private static void suspend(Context c) throws Exception {
        String topic = c.topic(1);
        List<String> bodies = c.sendMany(topic, "m", 5);
        Received received = new Received();
        List<String> attempts = new ArrayList<>();
        DefaultMQPushConsumer consumer = c.push(c.fresh("g"));
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener((MessageListenerOrderly) (messages, context) -> {
            MessageExt message = messages.get(0);
            attempts.add(Context.body(message) + "/" + message.getReconsumeTimes());
            if (message.getQueueOffset() == 2 && message.getReconsumeTimes() < 3) {
                context.setSuspendCurrentQueueTimeMillis(50);
                return ConsumeOrderlyStatus.SUSPEND_CURRENT_QUEUE_A_MOMENT;
            }
            received.add(message);
            return ConsumeOrderlyStatus.SUCCESS;
        });
        consumer.start();
        received.awaitExactly(bodies);
        Check.equal("attempts", List.of("m0/0", "m1/0", "m2/0", "m2/1", "m2/2", "m2/3", "m3/0", "m4/0"), attempts);
    }

    private static void deadLetter(Context c) throws Exception {
        String topic = c.topic(1);
        String group = c.fresh("g");
        c.sendMany(topic, "m", 3);
        Received received = new Received();
        DefaultMQPushConsumer consumer = c.push(group);
        consumer.setMaxReconsumeTimes(2);
        consumer.setSuspendCurrentQueueTimeMillis(50);
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener((MessageListenerOrderly) (messages, context) -> {
            if (messages.get(0).getQueueOffset() == 1) {
                return ConsumeOrderlyStatus.SUSPEND_CURRENT_QUEUE_A_MOMENT;
            }
            messages.forEach(received::add);
            return ConsumeOrderlyStatus.SUCCESS;
        });
        consumer.start();
        received.awaitExactly(List.of("m0", "m2"));
        String deadLetters = "%DLQ%" + group;
        Check.eventually("dead letter", () -> c.messagesIn(deadLetters) == 1);
        MessageExt dead = c.readAll(deadLetters).get(0);
        Check.equal("body", "m1", Context.body(dead));
        Check.equal("reconsume times", ClientVersion.ORDERLY_DEAD_LETTER_TIMES, dead.getReconsumeTimes());
        Check.equal("original topic", topic, dead.getProperty("RETRY_TOPIC"));
    }

    private static DefaultMQPushConsumer member(Context c, String group, String topic, Received received)
            throws Exception {
        DefaultMQPushConsumer consumer = c.push(group);
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener(received.orderly());
        consumer.start();
        return consumer;
    }

    /** Queues change hands by lock; order per queue holds over all members together. */
    private static void twoMembers(Context c) throws Exception {
        String topic = c.topic(4);
        String group = c.fresh("g");
        Received received = new Received();
        DefaultMQPushConsumer first = member(c, group, topic, received);
        List<String> bodies = new ArrayList<>(c.sendMany(topic, "one", 20));
        received.awaitAll(bodies);
        DefaultMQPushConsumer second = member(c, group, topic, received);
        bodies.addAll(c.sendMany(topic, "joining", 20));
        Check.eventually("two queues each", () -> GroupCases.shared(first, second, topic, 4, 2));
        bodies.addAll(c.sendMany(topic, "two", 20));
        received.awaitAll(bodies);
        second.shutdown();
        bodies.addAll(c.sendMany(topic, "left", 20));
        Check.eventually("all queues back", () -> GroupCases.owned(first, topic).size() == 4);
        received.awaitAll(bodies);
        inOrder(received.list());
        for (MessageQueue queue : c.queues(topic)) {
            Check.equal("end of " + queue, 20L, c.reader().maxOffset(queue));
        }
    }
}
