package interop;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.common.message.Message;

/** Push consumers without order: delivery, tags, batches, broadcasting. */
final class PushCases {
    static final List<Case> ALL = List.of(
            Case.together("push-concurrent", PushCases::concurrent),
            Case.together("push-latency", PushCases::latency),
            Case.together("push-backlog", PushCases::backlog),
            Case.together("push-large-messages", PushCases::largeMessages),
            Case.together("push-tags", PushCases::tags),
            Case.together("push-listener-batch", PushCases::listenerBatch),
            Case.together("push-broadcasting", PushCases::broadcasting),
            Case.together("push-broadcasting-restart", PushCases::broadcastingRestart));

    private PushCases() {}

    private static void concurrent(Context c) throws Exception {
        String topic = c.topic(4);
        List<String> bodies = new ArrayList<>(c.sendMany(topic, "before", 50));
        Received received = new Received();
        DefaultMQPushConsumer consumer = c.push(c.fresh("g"));
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener(received.concurrently());
        consumer.start();
        received.awaitExactly(bodies);
        bodies.addAll(c.sendMany(topic, "after", 50));
        received.awaitExactly(bodies);
        received.list().forEach(message -> Check.equal("topic", topic, message.getTopic()));
    }

    /** A waiting consumer gets a message when it is stored, not when a poll interval ends. */
    private static void latency(Context c) throws Exception {
        String topic = c.topic(1);
        Received received = new Received();
        DefaultMQPushConsumer consumer = c.push(c.fresh("g"));
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener(received.concurrently());
        consumer.start();
        List<String> bodies = new ArrayList<>(c.sendMany(topic, "first", 1));
        received.awaitExactly(bodies);
        // Ten polls of any polling interval would be seconds, and the same the next time. On a busy machine ten answers
        // to a waiting pull may be as slow, but not again and again.
        Check.eventually("10 messages in less than 4 s", () -> {
            long began = System.nanoTime();
            for (int i = 0; i < 10; i++) {
                bodies.addAll(c.sendMany(topic, "message" + bodies.size() + "-", 1));
                received.awaitExactly(bodies);
            }
            long millis = (System.nanoTime() - began) / 1_000_000;
            c.event("10 messages one after another took " + millis + " ms");
            return millis < 4000;
        });
    }

    /** A consumer that comes late to some thousand messages. */
    private static void backlog(Context c) throws Exception {
        String topic = c.topic(4);
        List<String> bodies = new ArrayList<>();
        for (int batch = 0; batch < 40; batch++) {
            List<Message> messages = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                String body = "backlog" + batch + "-" + i;
                messages.add(Context.message(topic, i % 10 == 0 ? "Rare" : "Often", body));
                if (i % 10 == 0) {
                    bodies.add(body);
                }
            }
            Context.ok(c.producer().send(messages));
        }
        subscribed(c, topic, "Rare").awaitExactly(bodies);
        Received all = subscribed(c, topic, "*");
        Check.eventually("4000 messages", () -> all.count() >= 4000);
        Check.equal("messages", 4000, all.count());
    }

    /** Together more than one pull may carry (256 KiB), each more than the usual read. */
    private static void largeMessages(Context c) throws Exception {
        String topic = c.topic(1);
        List<String> bodies = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            // Little repetition, so that compression does not make it small.
            StringBuilder text = new StringBuilder();
            for (int k = 0; text.length() < 200_000; k++) {
                text.append(Integer.toHexString((i * 7919 + k) * 0x9E3779B1));
            }
            bodies.add(text.toString());
            c.send(Context.message(topic, "", bodies.get(i)));
        }
        Received received = subscribed(c, topic, "*");
        Check.eventually("20 messages", () -> received.count() >= 20);
        Check.isTrue("bodies", new HashSet<>(bodies).equals(new HashSet<>(received.bodies())) && received.count() == 20);
    }

    private static Received subscribed(Context c, String topic, String expression) throws Exception {
        Received received = new Received();
        DefaultMQPushConsumer consumer = c.push(c.fresh("g"));
        consumer.subscribe(topic, expression);
        consumer.registerMessageListener(received.concurrently());
        consumer.start();
        return received;
    }

    private static void tags(Context c) throws Exception {
        String topic = c.topic(2);
        // "Aa" and "BB" have the same hash: the broker cannot tell them apart, the client must.
        List<String> tags = List.of("TagA", "TagB", "TagC", "Aa", "BB");
        Received all = subscribed(c, topic, "*");
        Received onlyA = subscribed(c, topic, "TagA");
        Received twoOf = subscribed(c, topic, "TagB || TagC");
        Received collision = subscribed(c, topic, "Aa");
        List<String> bodies = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            for (String tag : tags) {
                c.send(Context.message(topic, tag, tag + i));
                bodies.add(tag + i);
            }
        }
        c.send(Context.message(topic, "", "untagged"));
        bodies.add("untagged");
        all.awaitExactly(bodies);
        onlyA.awaitExactly(bodies.stream().filter(body -> body.startsWith("TagA")).toList());
        twoOf.awaitExactly(bodies.stream().filter(body -> body.matches("Tag[BC].*")).toList());
        collision.awaitExactly(bodies.stream().filter(body -> body.startsWith("Aa")).toList());
    }

    private static void listenerBatch(Context c) throws Exception {
        String topic = c.topic(1);
        List<String> bodies = c.sendMany(topic, "batch", 40);
        Received received = new Received();
        AtomicInteger largest = new AtomicInteger();
        DefaultMQPushConsumer consumer = c.push(c.fresh("g"));
        consumer.setConsumeMessageBatchMaxSize(8);
        consumer.setPullBatchSize(16);
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener(
                (org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently) (messages, context) -> {
                    largest.accumulateAndGet(messages.size(), Math::max);
                    messages.forEach(received::add);
                    return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
                });
        consumer.start();
        received.awaitExactly(bodies);
        Check.equal("largest batch", 8, largest.get());
    }

    private static DefaultMQPushConsumer broadcaster(Context c, String group, String topic, Received received)
            throws Exception {
        DefaultMQPushConsumer consumer = c.push(group);
        ClientVersion.broadcasting(consumer);
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener(received.concurrently());
        return consumer;
    }

    private static void broadcasting(Context c) throws Exception {
        String topic = c.topic(4);
        String group = c.fresh("g");
        Received first = new Received();
        Received second = new Received();
        broadcaster(c, group, topic, first).start();
        broadcaster(c, group, topic, second).start();
        List<String> bodies = c.sendMany(topic, "all", 20);
        first.awaitExactly(bodies);
        second.awaitExactly(bodies);
    }

    /** Progress of a broadcasting consumer is kept at the client, under its instance name. */
    private static void broadcastingRestart(Context c) throws Exception {
        String topic = c.topic(2);
        String group = c.fresh("g");
        Received before = new Received();
        DefaultMQPushConsumer consumer = broadcaster(c, group, topic, before);
        consumer.setInstanceName("broadcast-restart");
        consumer.start();
        before.awaitExactly(c.sendMany(topic, "old", 10));
        c.awaitCounted(consumer, topic, 10);
        consumer.shutdown();
        List<String> bodies = c.sendMany(topic, "new", 10);
        Received after = new Received();
        DefaultMQPushConsumer again = broadcaster(c, group, topic, after);
        again.setInstanceName("broadcast-restart");
        again.start();
        after.awaitExactly(bodies);
    }
}
