package interop;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.apache.rocketmq.client.consumer.DefaultLitePullConsumer;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** The lite pull consumer: subscribe or assign, poll, seek. */
final class LitePullCases {
    static final List<Case> ALL = List.of(
            Case.together("lite-pull-subscribe", LitePullCases::subscribe),
            Case.together("lite-pull-assign-seek", LitePullCases::assignAndSeek),
            Case.together("lite-pull-pause", LitePullCases::pause));

    private LitePullCases() {}

    private static List<String> pollUntil(DefaultLitePullConsumer consumer, List<String> got, BooleanSupplier enough)
            throws Exception {
        Check.eventually("polled messages", () -> {
            for (MessageExt message : consumer.poll(200)) {
                got.add(Context.body(message));
            }
            return enough.getAsBoolean();
        });
        return got;
    }

    private static List<String> poll(DefaultLitePullConsumer consumer, int count) throws Exception {
        List<String> got = new ArrayList<>();
        return pollUntil(consumer, got, () -> got.size() >= count).stream().sorted().toList();
    }

    private static void subscribe(Context c) throws Exception {
        String topic = c.topic(2);
        String group = c.fresh("g");
        for (int i = 0; i < 20; i++) {
            MessageQueue queue = c.queues(topic).get(i / 2 % 2);
            c.send(Context.message(topic, i % 2 == 0 ? "TagA" : "TagB", "m" + (10 + i)), queue);
        }
        DefaultLitePullConsumer consumer = c.lite(group);
        consumer.setAutoCommit(false);
        consumer.subscribe(topic, "TagA");
        consumer.start();
        List<String> even = poll(consumer, 10);
        Check.equal("bodies", List.of("m10", "m12", "m14", "m16", "m18", "m20", "m22", "m24", "m26", "m28"), even);
        consumer.commitSync();
        long committed = 0;
        for (MessageQueue queue : c.queues(topic)) {
            Check.eventually("committed " + queue, () -> consumer.committed(queue) >= 9);
            committed += consumer.committed(queue);
        }
        consumer.shutdown();
        c.awaitStored(group, topic, committed);

        c.send(Context.message(topic, "TagA", "later"));
        DefaultLitePullConsumer again = c.lite(group);
        again.subscribe(topic, "TagA");
        again.start();
        Check.equal("after restart", List.of("later"), poll(again, 1));
    }

    private static void assignAndSeek(Context c) throws Exception {
        String topic = c.topic(1);
        MessageQueue queue = c.queues(topic).get(0);
        c.sendMany(topic, "m", 5);
        Thread.sleep(50);
        long middle = System.currentTimeMillis();
        Thread.sleep(50);
        c.sendMany(topic, "n", 5);
        DefaultLitePullConsumer consumer = c.lite(c.fresh("g"));
        consumer.setAutoCommit(false);
        consumer.start();
        consumer.assign(List.of(queue));
        Check.equal("all", 10, poll(consumer, 10).size());
        consumer.seek(queue, 7);
        Check.equal("from 7", List.of("n2", "n3", "n4"), poll(consumer, 3));
        consumer.seekToBegin(queue);
        Check.equal("from the beginning", 10, poll(consumer, 10).size());
        Check.equal("offset of the middle", 5L, (long) consumer.offsetForTimestamp(queue, middle));
        consumer.seekToEnd(queue);
        c.sendMany(topic, "end", 1);
        Check.equal("from the end", List.of("end0"), poll(consumer, 1));
        Check.refused("beyond the end", Exception.class, () -> consumer.seek(queue, 100));
    }

    private static void pause(Context c) throws Exception {
        String topic = c.topic(1);
        MessageQueue queue = c.queues(topic).get(0);
        DefaultLitePullConsumer consumer = c.lite(c.fresh("g"));
        consumer.start();
        consumer.assign(List.of(queue));
        c.sendMany(topic, "before", 3);
        Check.equal("before", 3, poll(consumer, 3).size());
        consumer.pause(List.of(queue));
        // A pull that was already waiting at the broker may still bring this one, and does so before long.
        c.sendMany(topic, "in flight", 1);
        int early = consumer.poll(5000).size();
        c.sendMany(topic, "paused", 3);
        Check.equal("while paused", 0, consumer.poll(1500).size());
        consumer.resume(List.of(queue));
        Check.equal("resumed", 4 - early, poll(consumer, 4 - early).size());
    }
}
