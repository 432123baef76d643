package interop;

import java.util.List;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.protocol.heartbeat.MessageModel;

/** What differs between the client versions at compile time: here 4.9. */
final class ClientVersion {
    /** How a producer with an unknown template topic is refused. */
    static final int UNKNOWN_TOPIC_CODE = 10005;

    /** What an orderly consumer that gives up after two attempts more writes as the number of attempts. */
    static final int ORDERLY_DEAD_LETTER_TIMES = 2;

    /** Whether a batch as a whole has a message id besides those of its messages. */
    static final boolean BATCH_HAS_ID = false;

    private ClientVersion() {}

    static void createTopic(DefaultMQProducer producer, String topic, int queues) throws MQClientException {
        producer.createTopic("TBW102", topic, queues);
    }

    static void broadcasting(DefaultMQPushConsumer consumer) {
        consumer.setMessageModel(MessageModel.BROADCASTING);
    }

    /** Names of the compressions that {@link #compress} knows. */
    static List<String> compressions() {
        return List.of("ZLIB");
    }

    static void compress(DefaultMQProducer producer, String type) {
        // This client chooses by a system property for the whole process; ZLIB is its default.
    }
}
