package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
)

var retryCases = []Case{
	{name: "retry-to-dead-letter", body: retryToDeadLetter},
	{name: "retry-then-success", body: retryThenSuccess},
}

func retryToDeadLetter(c *Context) {
	topic := c.topic(1)
	group := c.group()
	received := &Received{}
	created := c.push(group, consumer.WithMaxReconsumeTimes(2))
	check(created.Subscribe(topic, anything, func(_ context.Context, messages ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
		received.add(messages...)
		c.event(fmt.Sprint("attempt ", messages[0].ReconsumeTimes))
		return consumer.ConsumeRetryLater, nil
	}))
	check(created.Start())
	message := primitive.NewMessage(topic, []byte("never works")).WithTag("TagA").WithKeys([]string{"dead-key"})
	message.WithProperty("who", "me")
	c.send(message)
	deadLetters := "%DLQ%" + group
	eventually("route of the dead letters", func() bool { return len(c.queues(deadLetters)) == 1 })
	dead, _ := c.receive(c.group(), deadLetters, "*")
	dead.awaitExactly([]string{"never works"})
	equal("attempts", 3, len(received.list()))
	for i, attempt := range received.list() {
		equal("reconsume times", int32(i), attempt.ReconsumeTimes)
		equal("tags", "TagA", attempt.GetTags())
	}
	letter := dead.list()[0]
	equal("reconsume times", int32(3), letter.ReconsumeTimes)
	equal("original topic", topic, letter.GetProperty("RETRY_TOPIC"))
	equal("tags", "TagA", letter.GetTags())
	equal("property", "me", letter.GetProperty("who"))
}

// The consumer chooses the delay level of the next attempt; the attempt is not early.
func retryThenSuccess(c *Context) {
	topic := c.topic(1)
	var mutex sync.Mutex
	var seen []time.Time
	created := c.push(c.group())
	check(created.Subscribe(topic, anything, func(ctx context.Context, messages ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
		mutex.Lock()
		defer mutex.Unlock()
		seen = append(seen, time.Now())
		if context, ok := primitive.GetConcurrentlyCtx(ctx); ok {
			context.DelayLevelWhenNextConsume = 2
		}
		if messages[0].ReconsumeTimes < 2 {
			return consumer.ConsumeRetryLater, nil
		}
		return consumer.ConsumeSuccess, nil
	}))
	check(created.Start())
	c.send(primitive.NewMessage(topic, []byte("works later")))
	eventually("three attempts", func() bool {
		mutex.Lock()
		defer mutex.Unlock()
		return len(seen) >= 3
	})
	mutex.Lock()
	defer mutex.Unlock()
	for i := 1; i < 3; i++ {
		waited := seen[i].Sub(seen[i-1])
		c.event(fmt.Sprintf("attempt %d came after %d ms", i, waited.Milliseconds()))
		isTrue(fmt.Sprint("early: ", waited), waited >= 1990*time.Millisecond)
	}
}
