package interop;

import java.text.SimpleDateFormat;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;

/** Where a group without stored offsets begins. */
final class FromWhereCases {
    static final List<Case> ALL = List.of(
            Case.together("from-first", FromWhereCases::first),
            Case.together("from-last-young-topic", FromWhereCases::lastOnYoungTopic),
            Case.together("from-last-broadcasting", FromWhereCases::lastBroadcasting),
            Case.together("from-timestamp", FromWhereCases::timestamp));

    private FromWhereCases() {}

    private static Received start(DefaultMQPushConsumer consumer, String topic) throws Exception {
        Received received = new Received();
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener(received.concurrently());
        consumer.start();
        return received;
    }

    private static void first(Context c) throws Exception {
        String topic = c.topic(2);
        List<String> bodies = new ArrayList<>(c.sendMany(topic, "old", 6));
        Received received = start(c.push(c.fresh("g")), topic);
        bodies.addAll(c.sendMany(topic, "new", 6));
        received.awaitExactly(bodies);
    }

    /**
     * "From last" of a clustered group asks the broker first, and the broker answers 0 as long as the first message of
     * the queue is still in memory: the new group reads everything. Users rely on it with young topics.
     */
    private static void lastOnYoungTopic(Context c) throws Exception {
        String topic = c.topic(2);
        List<String> bodies = new ArrayList<>(c.sendMany(topic, "old", 6));
        DefaultMQPushConsumer consumer = c.push(c.fresh("g"));
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_LAST_OFFSET);
        Received received = start(consumer, topic);
        bodies.addAll(c.sendMany(topic, "new", 6));
        received.awaitExactly(bodies);
    }

    /** A broadcasting consumer does not ask the broker for a stored offset, so "last" means last. */
    private static void lastBroadcasting(Context c) throws Exception {
        String topic = c.topic(1);
        c.sendMany(topic, "old", 6);
        DefaultMQPushConsumer consumer = c.push(c.fresh("g"));
        ClientVersion.broadcasting(consumer);
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_LAST_OFFSET);
        Received received = start(consumer, topic);
        Check.eventually("queue assigned", () -> GroupCases.owned(consumer, topic).size() == 1);
        List<String> bodies = c.sendMany(topic, "new", 6);
        received.awaitExactly(bodies);
    }

    private static void timestamp(Context c) throws Exception {
        String topic = c.topic(1);
        c.sendMany(topic, "old", 6);
        // The setting has a resolution of one second.
        Thread.sleep(1100);
        Date boundary = new Date();
        Thread.sleep(1100);
        List<String> bodies = c.sendMany(topic, "new", 6);
        DefaultMQPushConsumer consumer = c.push(c.fresh("g"));
        ClientVersion.broadcasting(consumer);
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_TIMESTAMP);
        consumer.setConsumeTimestamp(new SimpleDateFormat("yyyyMMddHHmmss").format(boundary));
        start(consumer, topic).awaitExactly(bodies);
    }
}
