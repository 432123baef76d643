package interop;

import java.util.List;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.MessageQueue;

/** How topics come into being. */
final class TopicCases {
    static final List<Case> ALL = List.of(
            Case.together("topic-auto-create", TopicCases::autoCreate),
            Case.together("topic-create", TopicCases::create));

    private TopicCases() {}

    private static void autoCreate(Context c) throws Exception {
        String topic = c.fresh("new");
        Check.equal("queues before", 0, c.queues(topic).size());
        SendResult result = c.send(Context.message(topic, "", "first"));
        Check.equal("offset", 0L, result.getQueueOffset());
        // Four is the producer's wish (defaultTopicQueueNums); the template TBW102 has eight.
        Check.eventually("four queues", () -> c.queues(topic).size() == 4);
        Check.eventually("publish queues", () -> c.producer().fetchPublishMessageQueues(topic).size() == 4);
        Check.equal("body", "first", Context.body(c.readAll(topic).get(0)));
    }

    private static void create(Context c) throws Exception {
        String topic = c.topic(3);
        Check.equal("publish queues", 3, c.producer().fetchPublishMessageQueues(topic).size());
        c.createTopic(topic, 3);
        c.createTopic(topic, 6);
        Check.eventually("publish queues", () -> c.producer().fetchPublishMessageQueues(topic).size() == 6);
        for (MessageQueue queue : c.queues(topic)) {
            Check.equal("empty queue", 0L, c.reader().maxOffset(queue));
            Check.equal("empty queue", 0L, c.reader().minOffset(queue));
            c.send(Context.message(topic, "", "into " + queue.getQueueId()), queue);
        }
        Check.equal("messages", 6L, c.messagesIn(topic));
    }
}
