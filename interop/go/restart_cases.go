package main

import (
	"context"
	"fmt"
	"time"

	"github.com/apache/rocketmq-client-go/v2/primitive"
)

var restartCases = []Case{
	{name: "restart-consumer", body: restartConsumer},
	{name: "restart-broker-killed", alone: true, body: func(c *Context) { restartBroker(c, "kill") }},
	{name: "restart-broker-clean", alone: true, body: func(c *Context) { restartBroker(c, "clean") }},
}

func restartConsumer(c *Context) {
	topic := c.topic(4)
	group := c.group()
	before, created := c.receive(group, topic, "*")
	before.awaitExactly(c.sendMany(topic, "old", 20))
	c.awaitStored(group, topic, 20)
	check(created.Shutdown())
	bodies := c.sendMany(topic, "new", 20)
	after, _ := c.receive(group, topic, "*")
	after.awaitExactly(bodies)
}

// What was acknowledged is there after a restart, progress is kept, and a living consumer goes on by itself.
func restartBroker(c *Context, how string) {
	topic := c.topic(4)
	stopped := c.group()
	before, created := c.receive(stopped, topic, "*")
	old := c.sendMany(topic, "old", 20)
	before.awaitExactly(old)
	c.awaitStored(stopped, topic, 20)
	check(created.Shutdown())
	living := &Received{}
	if how == "kill" {
		living, _ = c.receive(c.group(), topic, "*")
		living.awaitAll(old)
	}
	c.driver.ask(fmt.Sprintf("await-saved %s %s 20", stopped, topic))
	unread := c.sendMany(topic, "acknowledged", 20)
	delayed := primitive.NewMessage(topic, []byte("delayed")).WithDelayTimeLevel(18)
	c.send(delayed)

	c.driver.ask("restart-broker " + how)
	eventually("sending again", func() bool {
		message := primitive.NewMessage(topic, []byte("after"))
		result, err := c.shared.producer.SendSync(context.Background(), message)
		if err != nil {
			c.event(fmt.Sprint("not yet: ", err))
			time.Sleep(200 * time.Millisecond)
		}
		return err == nil && result.Status == primitive.SendOK
	})
	c.event("sends again")
	repeatable := []string{"delayed", "after"}
	after, _ := c.receive(stopped, topic, "*")
	after.awaitWithRepeats(unread, repeatable)
	c.event("the stopped group has everything")
	// The broker knows a living consumer again after its next heartbeat, up to 30 s later: once is enough.
	if how == "kill" {
		living.awaitAll(append(unread, repeatable...))
	}
}
