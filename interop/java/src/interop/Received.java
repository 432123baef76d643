package interop;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.consumer.listener.MessageListenerOrderly;
import org.apache.rocketmq.common.message.MessageExt;

/** Messages that a listener got, in the order of arrival. */
final class Received {
    private final List<MessageExt> all = new ArrayList<>();

    synchronized void add(MessageExt message) {
        all.add(message);
    }

    synchronized List<MessageExt> list() {
        return new ArrayList<>(all);
    }

    synchronized int count() {
        return all.size();
    }

    synchronized List<String> bodies() {
        return all.stream().map(Context::body).toList();
    }

    /** A listener that takes everything and succeeds. */
    MessageListenerConcurrently concurrently() {
        return (messages, context) -> {
            messages.forEach(this::add);
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        };
    }

    /** The same for orderly consumption. */
    MessageListenerOrderly orderly() {
        return (messages, context) -> {
            messages.forEach(this::add);
            return ConsumeOrderlyStatus.SUCCESS;
        };
    }

    /** Waits until exactly these bodies have come, each once. */
    void awaitExactly(Collection<String> bodies) throws Exception {
        awaitAll(bodies);
        Check.equal("bodies", bodies.stream().sorted().toList(), bodies().stream().sorted().toList());
    }

    /**
     * Waits until each of the bodies of both lists has come and nothing else: `once` each once, `repeatable` perhaps
     * more often, as a producer may have to send again, or a broker to deliver again, what a kill interrupted.
     */
    void awaitWithRepeats(Collection<String> once, Collection<String> repeatable) throws Exception {
        awaitAll(once);
        awaitAll(repeatable);
        List<String> got = bodies().stream().filter(body -> !repeatable.contains(body)).sorted().toList();
        Check.equal("bodies", once.stream().sorted().toList(), got);
    }

    /** Waits until each of these bodies has come at least once. */
    void awaitAll(Collection<String> bodies) throws Exception {
        try {
            Check.eventually("all messages", () -> new HashSet<>(bodies()).containsAll(bodies));
        } catch (AssertionError late) {
            Set<String> missing = new HashSet<>(bodies);
            missing.removeAll(bodies());
            throw new AssertionError(late.getMessage() + ", missing " + missing, late);
        }
    }
}
