package main

import (
	"fmt"
	"time"
)

var groupCases = []Case{
	{name: "group-rebalance", body: groupRebalance},
}

// rounds sends one message to each queue again and again until `enough` holds for the queues that the two members got
// in one round; it returns all bodies sent.
func rounds(c *Context, topic, prefix string, one, two *Received, enough func(one, two map[int]bool) bool) []string {
	var bodies []string
	end := time.Now().Add(patience)
	for round := 0; ; round++ {
		fresh := c.sendMany(topic, fmt.Sprint(prefix, round, "-"), len(c.queues(topic)))
		bodies = append(bodies, fresh...)
		eventually("round "+fresh[0], func() bool { return len(queuesOf(one, fresh))+len(queuesOf(two, fresh)) >= len(fresh) })
		if enough(queuesOf(one, fresh), queuesOf(two, fresh)) {
			return bodies
		}
		isTrue(prefix+": queues never became as expected", time.Now().Before(end))
		time.Sleep(200 * time.Millisecond)
	}
}

// queuesOf gives the queues from which the member got any of the bodies.
func queuesOf(received *Received, bodies []string) map[int]bool {
	queues := map[int]bool{}
	for _, message := range received.list() {
		if contains(bodies, string(message.Body)) {
			queues[message.Queue.QueueId] = true
		}
	}
	return queues
}

func groupRebalance(c *Context) {
	topic := c.topic(8)
	group := c.group()
	one, _ := c.receive(group, topic, "*")
	two := &Received{}
	bodies := rounds(c, topic, "alone", one, two, func(one, _ map[int]bool) bool { return len(one) == 8 })

	second := c.push(group)
	check(second.Subscribe(topic, anything, two.listener))
	check(second.Start())
	bodies = append(bodies, rounds(c, topic, "both", one, two, func(one, two map[int]bool) bool {
		return len(one) == 4 && len(two) == 4
	})...)

	check(second.Shutdown())
	nobody := &Received{}
	bodies = append(bodies, rounds(c, topic, "left", one, nobody, func(one, _ map[int]bool) bool { return len(one) == 8 })...)
	together := &Received{}
	together.add(one.list()...)
	together.add(two.list()...)
	together.awaitAll(bodies)
}
