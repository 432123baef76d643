package main

import (
	"context"
	"strings"

	"github.com/apache/rocketmq-client-go/v2/primitive"
)

var topicCases = []Case{
	{name: "topic-auto-create", body: topicAutoCreate},
	{name: "topic-create", body: topicCreate},
	{name: "topic-list", body: topicList},
	{name: "error-consumer-without-topic", body: consumerWithoutTopic},
}

func topicAutoCreate(c *Context) {
	topic := c.fresh("new")
	equal("queues before", 0, len(c.queues(topic)))
	result := c.send(primitive.NewMessage(topic, []byte("first")))
	equal("offset", int64(0), result.QueueOffset)
	eventually("four queues", func() bool { return len(c.queues(topic)) == 4 })
	received, _ := c.receive(c.group(), topic, "*")
	received.awaitExactly([]string{"first"})
}

func topicCreate(c *Context) {
	topic := c.topic(3)
	c.createTopic(topic, 3)
	for _, queue := range c.queues(topic) {
		message := primitive.NewMessage(topic, []byte("into it"))
		message.Queue = queue
		equal("offset", int64(0), c.send(message).QueueOffset)
	}
}

func topicList(c *Context) {
	topic := c.topic(1)
	list, err := c.shared.admin.FetchAllTopicList(context.Background())
	check(err)
	isTrue("listed", contains(list.TopicList, topic))
	isTrue("template listed", contains(list.TopicList, "TBW102"))
}

// This client does not wait for a topic: its start fails at once.
func consumerWithoutTopic(c *Context) {
	received := &Received{}
	created := c.push(c.fresh("g"))
	check(created.Subscribe(c.fresh("none"), anything, received.listener))
	err := created.Start()
	isTrue("started without a topic", err != nil)
	isTrue(err.Error(), strings.Contains(err.Error(), "route info not found"))
}
