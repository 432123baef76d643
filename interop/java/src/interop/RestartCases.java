package interop;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** What outlives a restart of the consumer, of the name server and of the broker. */
final class RestartCases {
    static final List<Case> ALL = List.of(
            Case.together("restart-consumer", RestartCases::consumer),
            Case.alone("restart-name-server", RestartCases::nameServer),
            Case.alone("restart-broker-killed", RestartCases::brokerKilled),
            Case.alone("restart-broker-clean", RestartCases::brokerClean));

    private static final int TOPIC_NOT_EXIST = 17;
    private static final int NO_ROUTE_AT_CLIENT = 10005;

    private RestartCases() {}

    private static DefaultMQPushConsumer start(Context c, String group, String topic, Received received)
            throws Exception {
        DefaultMQPushConsumer consumer = c.push(group);
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener(received.concurrently());
        consumer.start();
        return consumer;
    }

    private static void consumer(Context c) throws Exception {
        String topic = c.topic(4);
        String group = c.fresh("g");
        Received before = new Received();
        DefaultMQPushConsumer consumer = start(c, group, topic, before);
        before.awaitExactly(c.sendMany(topic, "old", 20));
        c.stopAfter(consumer, topic, 20);
        List<String> bodies = c.sendMany(topic, "new", 20);
        Received after = new Received();
        start(c, group, topic, after);
        after.awaitExactly(bodies);
    }

    private static void nameServer(Context c) throws Exception {
        String topic = c.topic(2);
        Received received = new Received();
        start(c, c.fresh("g"), topic, received);
        List<String> bodies = new ArrayList<>(List.of("before"));
        // Without a named queue, so that the producer learns the route of the topic.
        c.send(Context.message(topic, "", "before"));
        received.awaitAll(bodies);
        c.ask("restart-namesrv");
        if (c.options.split()) {
            // The broker lives on, and clients know where it is: nothing is interrupted.
            c.send(Context.message(topic, "", "at once"));
            bodies.add("at once");
        }
        Check.eventually("route again", () -> c.queues(topic).size() == 2);
        Check.eventually("sending again", () -> sends(c, topic, "after"));
        bodies.add("after");
        c.createTopic(c.fresh("new"), 3);
        received.awaitAll(bodies);
    }

    private static boolean sends(Context c, String topic, String body) {
        try {
            c.send(Context.message(topic, "", body));
            return true;
        } catch (Exception notYet) {
            return false;
        }
    }

    private static void brokerKilled(Context c) throws Exception {
        String topic = c.topic(4);
        String stopped = c.fresh("g");
        Received before = new Received();
        DefaultMQPushConsumer consumer = start(c, stopped, topic, before);
        before.awaitExactly(c.sendMany(topic, "old", 20));
        c.stopAfter(consumer, topic, 20);
        Received living = new Received();
        start(c, c.fresh("g"), topic, living);
        living.awaitAll(before.bodies());
        Message delayed = Context.message(topic, "", "delayed over the restart");
        delayed.setDelayTimeLevel(18);
        c.awaitSaved(stopped, topic, 20);
        c.send(delayed);
        List<String> unread = new ArrayList<>();
        List<SendResult> sent = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            Message message = Context.message(topic, "", "acknowledged" + i);
            message.setKeys("kept-" + i);
            sent.add(c.send(message));
            unread.add("acknowledged" + i);
        }

        c.ask("restart-broker kill");
        Check.eventually("sending again", () -> sends(c, topic, "after"));
        c.event("sends again");
        acknowledgedIsThere(c, sent);
        c.event("all acknowledged messages are there");
        List<String> repeatable = List.of("delayed over the restart", "after");
        // This consumer lived through the restart; it finds the broker again by itself.
        living.awaitAll(unread);
        living.awaitAll(repeatable);
        c.event("the living consumer has everything");
        Received after = new Received();
        start(c, stopped, topic, after);
        after.awaitWithRepeats(unread, repeatable);
        c.event("the stopped group has everything");
        List<String> last = List.of("acknowledged49");
        Check.eventually("key index", () -> QueryCases.find(c, topic, "kept-49", 32).equals(last));
    }

    /** Each acknowledged message is at the queue and offset that its answer named, under the same ids. */
    private static void acknowledgedIsThere(Context c, List<SendResult> sent) throws Exception {
        for (int i = 0; i < sent.size(); i++) {
            SendResult result = sent.get(i);
            MessageExt message = c.reader()
                    .pull(result.getMessageQueue(), "*", result.getQueueOffset(), 1)
                    .getMsgFoundList()
                    .get(0);
            Check.equal("body at " + result.getQueueOffset(), "acknowledged" + i, Context.body(message));
            Check.equal("message id", result.getMsgId(), message.getMsgId());
            MessageExt viewed = c.producer().viewMessage(result.getMessageQueue().getTopic(), result.getOffsetMsgId());
            Check.equal("body by offset id", "acknowledged" + i, Context.body(viewed));
        }
    }

    /** A clean stop loses no progress at all; and the broker comes back with automatic topic creation switched off. */
    private static void brokerClean(Context c) throws Exception {
        String topic = c.topic(4);
        String group = c.fresh("g");
        Received before = new Received();
        DefaultMQPushConsumer consumer = start(c, group, topic, before);
        before.awaitExactly(c.sendMany(topic, "old", 20));
        c.stopAfter(consumer, topic, 20);
        List<String> bodies = c.sendMany(topic, "unread", 10);

        c.ask("restart-broker clean autoCreateTopicEnable=false");
        Check.eventually("sending again", () -> sends(c, topic, "after"));
        Received after = new Received();
        start(c, group, topic, after);
        after.awaitWithRepeats(bodies, List.of("after"));

        DefaultMQProducer producer = c.producer(own -> {});
        String unknown = c.fresh("unknown");
        MQClientException refused = Check.refused("unknown topic", MQClientException.class,
                () -> producer.send(Context.message(unknown, "", "x")));
        c.event("refused with code " + refused.getResponseCode());
        // The template topic was created while creation was on. A broker that kept it has a route for it and refuses
        // at the send; one that dropped it leaves the client without a route.
        Check.isTrue("code " + refused.getResponseCode(),
                Set.of(TOPIC_NOT_EXIST, NO_ROUTE_AT_CLIENT).contains(refused.getResponseCode()));
    }
}
