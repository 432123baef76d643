package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
)

// How late a message may be on a busy machine.
const late = 30 * time.Second

// The driver configures the levels `1s 2s 1s ... 1s 3s` (18 of them).
func delayLevels(c *Context) {
	topic := c.topic(4)
	var arrived sync.Map
	received := &Received{}
	created := c.push(c.group())
	check(created.Subscribe(topic, anything, func(_ context.Context, messages ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
		for _, message := range messages {
			arrived.Store(string(message.Body), time.Now())
		}
		received.add(messages...)
		return consumer.ConsumeSuccess, nil
	}))
	check(created.Start())
	delays := map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 18: 3 * time.Second, 99: 3 * time.Second}
	sent := map[int]time.Time{}
	var bodies []string
	for level := range delays {
		body := fmt.Sprint("level", level)
		message := primitive.NewMessage(topic, []byte(body)).WithDelayTimeLevel(level)
		message.Queue = c.queues(topic)[level%4]
		sent[level] = time.Now()
		c.send(message)
		bodies = append(bodies, body)
	}
	received.awaitExactly(bodies)
	for level, delay := range delays {
		at, _ := arrived.Load(fmt.Sprint("level", level))
		waited := at.(time.Time).Sub(sent[level])
		c.event(fmt.Sprintf("level %d came after %d ms", level, waited.Milliseconds()))
		// The broker counts whole milliseconds.
		isTrue(fmt.Sprintf("level %d early: %s", level, waited), waited >= delay-time.Millisecond)
		isTrue(fmt.Sprintf("level %d late: %s", level, waited), waited < delay+late)
	}
	for _, message := range received.list() {
		var level int
		_, err := fmt.Sscanf(string(message.Body), "level%d", &level)
		check(err)
		equal("topic", topic, message.Topic)
		equal("queue", level%4, message.Queue.QueueId)
		equal("real topic", topic, message.GetProperty("REAL_TOPIC"))
	}
}
