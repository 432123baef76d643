package main

import (
	"context"
	"time"

	"github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
)

var pullCases = []Case{
	{name: "pull-from", body: pullFrom},
	{name: "pull-poll", body: pullPoll},
}

func (c *Context) pull(group, topic string) rocketmq.PullConsumer {
	created, err := rocketmq.NewPullConsumer(
		consumer.WithNsResolver(primitive.NewPassthroughResolver([]string{c.options.namesrv})),
		consumer.WithGroupName(group),
		consumer.WithInstance(c.fresh("client")),
		consumer.WithConsumeFromWhere(consumer.ConsumeFromFirstOffset))
	check(err)
	check(created.Subscribe(topic, anything))
	check(created.Start())
	c.onClose(created.Shutdown)
	return created
}

func pullFrom(c *Context) {
	topic := c.topic(1)
	c.sendMany(topic, "m", 10)
	puller := c.pull(c.group(), topic)
	queue := c.queues(topic)[0]
	found, err := puller.PullFrom(context.Background(), queue, 3, 4)
	check(err)
	equal("status", primitive.PullFound, found.Status)
	equal("next", int64(7), found.NextBeginOffset)
	equal("min", int64(0), found.MinOffset)
	equal("max", int64(10), found.MaxOffset)
	var bodies []string
	for _, message := range found.GetMessageExts() {
		bodies = append(bodies, string(message.Body))
	}
	equal("bodies", []string{"m3", "m4", "m5", "m6"}, bodies)
	beyond, err := puller.PullFrom(context.Background(), queue, 100, 4)
	check(err)
	equal("beyond", primitive.PullOffsetIllegal, beyond.Status)
	equal("next of beyond", int64(10), beyond.NextBeginOffset)
}

// poll takes messages until `count` have come, and acknowledges them.
func poll(puller rocketmq.PullConsumer, count int) []string {
	var bodies []string
	eventually("polled messages", func() bool {
		request, err := puller.Poll(context.Background(), 500*time.Millisecond)
		if err != nil {
			isTrue(err.Error(), consumer.IsNoNewMsgError(err))
			return false
		}
		for _, message := range request.GetMsgList() {
			bodies = append(bodies, string(message.Body))
		}
		puller.ACK(context.Background(), request, consumer.ConsumeSuccess)
		return len(bodies) >= count
	})
	return sorted(bodies)
}

// Offsets of a polling consumer are kept: the next one goes on where it stopped.
func pullPoll(c *Context) {
	topic := c.topic(2)
	group := c.group()
	first := c.sendMany(topic, "m", 10)
	puller := c.pull(group, topic)
	equal("bodies", sorted(first), poll(puller, 10))
	check(puller.PersistOffset(context.Background(), topic))
	c.awaitStored(group, topic, 10)
	check(puller.Shutdown())
	second := c.sendMany(topic, "n", 10)
	equal("bodies", sorted(second), poll(c.pull(group, topic), 10))
}
