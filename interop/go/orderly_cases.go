package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
)

var orderlyCases = []Case{
	{name: "orderly-per-queue", body: orderlyPerQueue},
	{name: "orderly-suspend", body: orderlySuspend},
}

// inOrder checks that the offsets of each queue in the order of their first arrival are 0, 1, 2, ...
func inOrder(messages []*primitive.MessageExt) {
	next := map[int]int64{}
	for _, message := range messages {
		queue := message.Queue.QueueId
		if message.QueueOffset >= next[queue] {
			equal(fmt.Sprint("next of queue ", queue), next[queue], message.QueueOffset)
			next[queue]++
		}
	}
}

func orderlyPerQueue(c *Context) {
	topic := c.topic(4)
	bodies := c.sendMany(topic, "m", 100)
	received := &Received{}
	var busy [4]atomic.Int32
	var overlaps atomic.Int32
	created := c.push(c.group(), consumer.WithConsumerOrder(true))
	check(created.Subscribe(topic, anything, func(_ context.Context, messages ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
		mark := &busy[messages[0].Queue.QueueId]
		if mark.Add(1) != 1 {
			overlaps.Add(1)
		}
		received.add(messages...)
		mark.Add(-1)
		return consumer.ConsumeSuccess, nil
	}))
	check(created.Start())
	received.awaitExactly(bodies)
	equal("two listeners in one queue", int32(0), overlaps.Load())
	inOrder(received.list())
}

func orderlySuspend(c *Context) {
	topic := c.topic(1)
	bodies := c.sendMany(topic, "m", 5)
	received := &Received{}
	var mutex sync.Mutex
	var attempts []string
	created := c.push(c.group(), consumer.WithConsumerOrder(true), consumer.WithSuspendCurrentQueueTimeMillis(50*time.Millisecond))
	check(created.Subscribe(topic, anything, func(_ context.Context, messages ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
		message := messages[0]
		mutex.Lock()
		attempts = append(attempts, fmt.Sprintf("%s/%d", message.Body, message.ReconsumeTimes))
		mutex.Unlock()
		if message.QueueOffset == 2 && message.ReconsumeTimes < 2 {
			return consumer.SuspendCurrentQueueAMoment, nil
		}
		received.add(messages...)
		return consumer.ConsumeSuccess, nil
	}))
	check(created.Start())
	received.awaitExactly(bodies)
	mutex.Lock()
	defer mutex.Unlock()
	equal("attempts", []string{"m0/0", "m1/0", "m2/0", "m2/1", "m2/2", "m3/0", "m4/0"}, attempts)
}
