package interop;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.rocketmq.client.exception.MQBrokerException;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.MessageQueue;

/** Requests that must be refused, and with which code. */
final class ErrorCases {
    private static final int NOT_SUPPORTED = 3;
    private static final int NO_PERMISSION = 16;
    private static final int TOPIC_NOT_EXIST = 17;
    private static final int INVALID_PARAMETER = 29;
    private static final int SEND_MESSAGE = 10;

    static final List<Case> ALL = List.of(
            Case.together("error-unknown-topic", ErrorCases::unknownTopic),
            Case.together("error-unknown-queue", ErrorCases::unknownQueue),
            Case.together("error-bad-topic-name", ErrorCases::badTopicName),
            Case.together("error-forbidden-topic", ErrorCases::forbiddenTopic),
            Case.together("error-unknown-request", ErrorCases::unknownRequest));

    private ErrorCases() {}

    /** The broker's address, as the name server tells it. */
    private static String broker(Context c, MessageQueue queue) {
        return c.reader().getDefaultMQPullConsumerImpl().getRebalanceImpl().getmQClientFactory()
                .findBrokerAddressInPublish(queue.getBrokerName());
    }

    private static void unknownTopic(Context c) throws Exception {
        String known = c.topic(1);
        MessageQueue queue = c.queues(known).get(0);
        // A template that does not exist: the broker has nothing to make the topic from.
        DefaultMQProducer producer = c.producer(own -> own.setCreateTopicKey("no-such-template"));
        Context.ok(producer.send(Context.message(known, "", "learns the broker's address")));
        String topic = c.fresh("unknown");
        MQBrokerException byBroker = Check.refused("explicit queue", MQBrokerException.class, () -> producer.send(
                Context.message(topic, "", "x"), new MessageQueue(topic, queue.getBrokerName(), 0)));
        Check.equal("code", TOPIC_NOT_EXIST, byBroker.getResponseCode());
        MQClientException byClient = Check.refused("no route", MQClientException.class,
                () -> producer.send(Context.message(topic, "", "x")));
        // Clients up to 4.9 look for the template named above and find no route. Newer ones always look for TBW102, so
        // the broker refuses, three times.
        Check.equal("code", ClientVersion.UNKNOWN_TOPIC_CODE, byClient.getResponseCode());
    }

    private static void unknownQueue(Context c) throws Exception {
        String topic = c.topic(2);
        c.send(Context.message(topic, "", "learns the route"));
        MessageQueue queue = new MessageQueue(topic, c.queues(topic).get(0).getBrokerName(), 2);
        MQBrokerException refused = Check.refused("queue 2 of 2", MQBrokerException.class,
                () -> c.producer().send(Context.message(topic, "", "x"), queue));
        Check.equal("code", INVALID_PARAMETER, refused.getResponseCode());
    }

    private static RawFrame sendRaw(Context c, String topic) throws Exception {
        String known = c.topic(1);
        c.readAll(known);
        Map<String, String> fields = new HashMap<>();
        fields.put("producerGroup", "raw");
        fields.put("topic", topic);
        fields.put("defaultTopic", "TBW102");
        fields.put("defaultTopicQueueNums", "4");
        fields.put("queueId", "0");
        fields.put("sysFlag", "0");
        fields.put("bornTimestamp", String.valueOf(System.currentTimeMillis()));
        fields.put("flag", "0");
        return RawFrame.call(broker(c, c.queues(known).get(0)), SEND_MESSAGE, fields, new byte[] {'x'});
    }

    private static void badTopicName(Context c) throws Exception {
        Check.refused("client", MQClientException.class, () -> c.send(Context.message("bad.name", "", "x")));
        Check.equal("a dot", INVALID_PARAMETER, sendRaw(c, "bad.name").code());
        Check.equal("blank", INVALID_PARAMETER, sendRaw(c, " ").code());
        Check.equal("127 characters", 0, sendRaw(c, "l".repeat(127)).code());
        RawFrame tooLong = sendRaw(c, "l".repeat(128));
        Check.equal("128 characters", INVALID_PARAMETER, tooLong.code());
        Check.isTrue(tooLong.remark(), tooLong.remark().contains("longer than topic max length"));
    }

    private static void forbiddenTopic(Context c) throws Exception {
        for (String topic : List.of("SCHEDULE_TOPIC_XXXX", "RMQ_SYS_TRANS_HALF_TOPIC", "OFFSET_MOVED_EVENT")) {
            Check.refused("client", MQClientException.class, () -> c.send(Context.message(topic, "", "x")));
            RawFrame answer = sendRaw(c, topic);
            Check.equal(topic, NO_PERMISSION, answer.code());
            Check.equal("remark", "Sending message to topic[" + topic + "] is forbidden.", answer.remark());
        }
    }

    private static void unknownRequest(Context c) throws Exception {
        String topic = c.topic(1);
        c.readAll(topic);
        RawFrame byBroker = RawFrame.call(broker(c, c.queues(topic).get(0)), 9999, Map.of(), new byte[0]);
        Check.equal("broker: " + byBroker.remark(), NOT_SUPPORTED, byBroker.code());
        RawFrame byNamesrv = RawFrame.call(c.options.namesrv(), 9999, Map.of(), new byte[0]);
        Check.equal("name server: " + byNamesrv.remark(), NOT_SUPPORTED, byNamesrv.code());
    }
}
