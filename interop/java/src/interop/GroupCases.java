package interop;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.common.message.MessageQueue;

/** Members of a group: joining, sharing, leaving. */
final class GroupCases {
    static final List<Case> ALL = List.of(
            Case.together("group-rebalance", GroupCases::rebalance),
            Case.together("group-unregister", GroupCases::unregister),
            Case.together("group-two-groups", GroupCases::twoGroups));

    private GroupCases() {}

    /** The queues of a topic that a consumer works on now. */
    static Set<MessageQueue> owned(DefaultMQPushConsumer consumer, String topic) {
        return consumer.getDefaultMQPushConsumerImpl().getRebalanceImpl().getProcessQueueTable().keySet().stream()
                .filter(queue -> queue.getTopic().equals(topic))
                .collect(Collectors.toSet());
    }

    /** Whether the two consumers own `all` queues, `each` of them each, none twice. */
    static boolean shared(DefaultMQPushConsumer one, DefaultMQPushConsumer two, String topic, int all, int each) {
        Set<MessageQueue> union = new HashSet<>(owned(one, topic));
        union.addAll(owned(two, topic));
        return union.size() == all && owned(one, topic).size() == each && owned(two, topic).size() == each;
    }

    private static DefaultMQPushConsumer member(Context c, String group, String topic, Received received)
            throws Exception {
        DefaultMQPushConsumer consumer = c.push(group);
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener(received.concurrently());
        consumer.start();
        return consumer;
    }

    private static void rebalance(Context c) throws Exception {
        String topic = c.topic(8);
        String group = c.fresh("g");
        Received one = new Received();
        Received two = new Received();
        DefaultMQPushConsumer first = member(c, group, topic, one);
        Check.eventually("first owns all", () -> owned(first, topic).size() == 8);
        List<String> alone = c.sendMany(topic, "alone", 16);
        one.awaitAll(alone);

        DefaultMQPushConsumer second = member(c, group, topic, two);
        List<String> all = new ArrayList<>(alone);
        all.addAll(c.sendMany(topic, "joining", 16));
        Check.eventually("four queues each", () -> shared(first, second, topic, 8, 4));
        List<String> both = c.sendMany(topic, "both", 16);
        all.addAll(both);
        awaitTogether(one, two, all);
        Check.equal("shares of the first", 8L, one.bodies().stream().filter(both::contains).count());
        Check.equal("shares of the second", 8L, two.bodies().stream().filter(both::contains).count());

        second.shutdown();
        all.addAll(c.sendMany(topic, "leaving", 16));
        Check.eventually("first owns all again", () -> owned(first, topic).size() == 8);
        all.addAll(c.sendMany(topic, "after", 16));
        awaitTogether(one, two, all);
    }

    /** Every message came at least once to one of the two. */
    private static void awaitTogether(Received one, Received two, List<String> bodies) throws Exception {
        Check.eventually(bodies.size() + " messages at the two members", () -> {
            Set<String> got = new HashSet<>(one.bodies());
            got.addAll(two.bodies());
            return got.containsAll(bodies);
        });
    }

    /** A member that says goodbye is gone from the list at once, long before its heartbeat would expire. */
    private static void unregister(Context c) throws Exception {
        String topic = c.topic(2);
        String group = c.fresh("g");
        DefaultMQPushConsumer first = member(c, group, topic, new Received());
        DefaultMQPushConsumer second = member(c, group, topic, new Received());
        Check.eventually("two members", () -> members(first, topic, group).size() == 2);
        c.event("two members");
        second.shutdown();
        c.event("one says goodbye");
        // A heartbeat expires after two minutes, which is longer than this waits.
        Check.eventually("one member", () -> members(first, topic, group).equals(List.of(clientId(first))));
        c.event("one member");
        Check.eventually("its queues", () -> owned(first, topic).size() == 2);
        c.event("with all queues");
    }

    private static List<String> members(DefaultMQPushConsumer consumer, String topic, String group) {
        List<String> found =
                consumer.getDefaultMQPushConsumerImpl().getmQClientFactory().findConsumerIdList(topic, group);
        return found == null ? List.of() : found;
    }

    private static String clientId(DefaultMQPushConsumer consumer) {
        return consumer.getDefaultMQPushConsumerImpl().getmQClientFactory().getClientId();
    }

    /** Groups do not see each other: each gets everything. */
    private static void twoGroups(Context c) throws Exception {
        String topic = c.topic(2);
        Received one = new Received();
        Received two = new Received();
        member(c, c.fresh("g"), topic, one);
        member(c, c.fresh("g"), topic, two);
        List<String> bodies = c.sendMany(topic, "m", 20);
        one.awaitExactly(bodies);
        two.awaitExactly(bodies);
    }
}
