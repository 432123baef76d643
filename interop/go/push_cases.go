package main

import (
	"fmt"
	"regexp"

	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
)

var pushCases = []Case{
	{name: "push-concurrent", body: pushConcurrent},
	{name: "push-tags", body: pushTags},
	{name: "push-broadcasting", body: pushBroadcasting},
	{name: "delay-levels", body: delayLevels},
}

var anything = consumer.MessageSelector{Type: consumer.TAG, Expression: "*"}

func pushConcurrent(c *Context) {
	topic := c.topic(4)
	bodies := c.sendMany(topic, "before", 50)
	received, _ := c.receive(c.group(), topic, "*")
	received.awaitExactly(bodies)
	bodies = append(bodies, c.sendMany(topic, "after", 50)...)
	received.awaitExactly(bodies)
}

func pushTags(c *Context) {
	topic := c.topic(2)
	all, _ := c.receive(c.group(), topic, "*")
	onlyA, _ := c.receive(c.group(), topic, "TagA")
	twoOf, _ := c.receive(c.group(), topic, "TagB || TagC")
	var bodies []string
	for i := 0; i < 4; i++ {
		for _, tag := range []string{"TagA", "TagB", "TagC"} {
			body := fmt.Sprint(tag, i)
			c.send(primitive.NewMessage(topic, []byte(body)).WithTag(tag))
			bodies = append(bodies, body)
		}
	}
	c.send(primitive.NewMessage(topic, []byte("untagged")))
	bodies = append(bodies, "untagged")
	all.awaitExactly(bodies)
	onlyA.awaitExactly(matching(bodies, "^TagA"))
	twoOf.awaitExactly(matching(bodies, "^Tag[BC]"))
}

func matching(list []string, pattern string) []string {
	var found []string
	for _, one := range list {
		if regexp.MustCompile(pattern).MatchString(one) {
			found = append(found, one)
		}
	}
	return found
}

func pushBroadcasting(c *Context) {
	topic := c.topic(4)
	group := c.group()
	first, _ := c.receive(group, topic, "*", consumer.WithConsumerModel(consumer.BroadCasting))
	second, _ := c.receive(group, topic, "*", consumer.WithConsumerModel(consumer.BroadCasting))
	bodies := c.sendMany(topic, "all", 20)
	first.awaitExactly(bodies)
	second.awaitExactly(bodies)
}
