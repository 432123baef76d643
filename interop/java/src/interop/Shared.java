package interop;

import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.producer.DefaultMQProducer;

/** Clients that all cases use: a producer, and a reader that looks into topics. */
final class Shared implements AutoCloseable {
    final DefaultMQProducer producer = new DefaultMQProducer("interop-producer");
    final DefaultMQPullConsumer reader = new DefaultMQPullConsumer("interop-reader");

    Shared(Options options) throws Exception {
        producer.setNamesrvAddr(options.namesrv());
        producer.setInstanceName("shared-producer");
        producer.setSendMsgTimeout(10_000);
        reader.setNamesrvAddr(options.namesrv());
        reader.setInstanceName("shared-reader");
        if (!options.slow()) {
            Context.shorten(producer);
            Context.shorten(reader);
        }
        producer.start();
        reader.start();
    }

    @Override
    public void close() {
        producer.shutdown();
        reader.shutdown();
    }
}
