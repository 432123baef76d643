package interop;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;

/** Cases in a process whose clients keep every default interval: what users run. */
final class SlowCases {
    static final List<Case> ALL = List.of(Case.slow("slow-defaults", SlowCases::defaults));

    private SlowCases() {}

    /** A consumer that is there before its topic, and one retry, with nothing shortened. */
    private static void defaults(Context c) throws Exception {
        String topic = c.fresh("t");
        Received received = new Received();
        AtomicInteger retries = new AtomicInteger();
        DefaultMQPushConsumer consumer = c.push(c.fresh("g"));
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            if (messages.get(0).getReconsumeTimes() == 0) {
                return ConsumeConcurrentlyStatus.RECONSUME_LATER;
            }
            retries.incrementAndGet();
            messages.forEach(received::add);
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        consumer.start();
        c.send(Context.message(topic, "", "first"));
        received.awaitExactly(List.of("first"));
        Check.equal("retries", 1, retries.get());
    }
}
