package main

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/apache/rocketmq-client-go/v2/primitive"
)

var sendCases = []Case{
	{name: "send-sync", body: sendSync},
	{name: "send-async", body: sendAsync},
	{name: "send-one-way", body: sendOneWay},
	{name: "send-batch", body: sendBatch},
	{name: "send-to-chosen-queue", body: sendToChosenQueue},
	{name: "body-properties", body: bodyProperties},
	{name: "body-compressed", body: bodyCompressed},
}

var idShape = regexp.MustCompile("^([0-9A-Fa-f]{32}|[0-9A-Fa-f]{56})$")

func place(queue int, offset int64) string { return fmt.Sprintf("%d@%d", queue, offset) }

// samePlaces checks that every message is where the answer to its send said.
func samePlaces(c *Context, topic string, placed map[string]string) {
	received, _ := c.receive(c.group(), topic, "*")
	eventually("all messages", func() bool { return len(received.list()) >= len(placed) })
	found := map[string]string{}
	for _, message := range received.list() {
		found[place(message.Queue.QueueId, message.QueueOffset)] = string(message.Body)
	}
	equal("places", placed, found)
}

func sendSync(c *Context) {
	topic := c.topic(4)
	placed := map[string]string{}
	for i := 0; i < 20; i++ {
		body := fmt.Sprint("sync", i)
		result := c.send(primitive.NewMessage(topic, []byte(body)))
		isTrue("message id "+result.MsgID, idShape.MatchString(result.MsgID))
		isTrue("offset message id "+result.OffsetMsgID, idShape.MatchString(result.OffsetMsgID))
		placed[place(result.MessageQueue.QueueId, result.QueueOffset)] = body
	}
	samePlaces(c, topic, placed)
}

func sendAsync(c *Context) {
	topic := c.topic(4)
	placed := map[string]string{}
	var mutex sync.Mutex
	var failures []error
	var answers sync.WaitGroup
	for i := 0; i < 50; i++ {
		body := fmt.Sprint("async", i)
		answers.Add(1)
		check(c.shared.producer.SendAsync(context.Background(), func(_ context.Context, result *primitive.SendResult, err error) {
			defer answers.Done()
			mutex.Lock()
			defer mutex.Unlock()
			if err != nil {
				failures = append(failures, err)
				return
			}
			placed[place(result.MessageQueue.QueueId, result.QueueOffset)] = body
		}, primitive.NewMessage(topic, []byte(body))))
	}
	answers.Wait()
	equal("failures", 0, len(failures))
	equal("places", 50, len(placed))
	samePlaces(c, topic, placed)
}

func sendOneWay(c *Context) {
	topic := c.topic(2)
	var bodies []string
	for i := 0; i < 20; i++ {
		body := fmt.Sprint("oneway", i)
		check(c.shared.producer.SendOneWay(context.Background(), primitive.NewMessage(topic, []byte(body))))
		bodies = append(bodies, body)
	}
	received, _ := c.receive(c.group(), topic, "*")
	received.awaitExactly(bodies)
}

func sendBatch(c *Context) {
	topic := c.topic(1)
	var batch []*primitive.Message
	var bodies []string
	for i := 0; i < 10; i++ {
		body := fmt.Sprint("batch", i)
		message := primitive.NewMessage(topic, []byte(body)).WithTag(fmt.Sprint("Tag", i)).WithKeys([]string{"key-" + body})
		message.WithProperty("n", fmt.Sprint(i))
		batch = append(batch, message)
		bodies = append(bodies, body)
	}
	result, err := c.shared.producer.SendSync(context.Background(), batch...)
	check(err)
	equal("status", primitive.SendOK, result.Status)
	equal("offset of the first", int64(0), result.QueueOffset)
	equal("offset ids", 10, len(strings.Split(result.OffsetMsgID, ",")))
	received, _ := c.receive(c.group(), topic, "*")
	received.awaitExactly(bodies)
	for _, message := range received.list() {
		body := fmt.Sprint("batch", message.QueueOffset)
		equal("body", body, string(message.Body))
		equal("tags", fmt.Sprint("Tag", message.QueueOffset), message.GetTags())
		equal("keys", "key-"+body, message.GetKeys())
		equal("property", fmt.Sprint(message.QueueOffset), message.GetProperty("n"))
	}
}

func sendToChosenQueue(c *Context) {
	topic := c.topic(4)
	for round := int64(0); round < 2; round++ {
		for _, queue := range c.queues(topic) {
			message := primitive.NewMessage(topic, []byte("chosen"))
			message.Queue = queue
			result := c.send(message)
			equal("queue", queue.QueueId, result.MessageQueue.QueueId)
			equal("offset", round, result.QueueOffset)
		}
	}
}

func bodyProperties(c *Context) {
	topic := c.topic(1)
	text := "Größe 消息 сообщение 🦀 \x00\x07"
	message := primitive.NewMessage(topic, []byte(text)).WithTag("标签").WithKeys([]string{"ключ", "k2"})
	message.Flag = 77
	message.WithProperty("имя 🦀", "значение 🦀")
	message.WithProperty("quotes", "\"'\\/{}[]")
	c.send(message)
	// Not by tag: this client hashes the bytes of a tag and not its UTF-16 units, so it asks any server for another
	// hash than the broker stored.
	received, _ := c.receive(c.group(), topic, "*")
	received.awaitExactly([]string{text})
	found := received.list()[0]
	equal("tags", "标签", found.GetTags())
	equal("keys", []string{"k2", "ключ"}, sorted(strings.Fields(found.GetKeys())))
	equal("flag", int32(77), found.Flag)
	equal("property", "значение 🦀", found.GetProperty("имя 🦀"))
	equal("quotes", "\"'\\/{}[]", found.GetProperty("quotes"))
	equal("region", "DefaultRegion", found.GetRegionID())
}

func bodyCompressed(c *Context) {
	topic := c.topic(1)
	body := bytes.Repeat([]byte("compresses well. "), 6000)
	c.send(primitive.NewMessage(topic, body))
	received, _ := c.receive(c.group(), topic, "*")
	eventually("message", func() bool { return len(received.list()) == 1 })
	found := received.list()[0]
	isTrue("body", bytes.Equal(body, found.Body))
	isTrue(fmt.Sprint("stored compressed: ", found.StoreSize), found.StoreSize < 20_000)
}
