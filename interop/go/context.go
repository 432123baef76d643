package main

import (
	"context"
	"fmt"
	"reflect"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/admin"
	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/producer"
)

const patience = 60 * time.Second

// Shared holds clients that all cases use.
type Shared struct {
	// producer goes round the queues; chooser takes the queue that the message names.
	producer rocketmq.Producer
	chooser  rocketmq.Producer
	admin    admin.Admin
}

func newShared(options Options) (*Shared, error) {
	resolver := primitive.NewPassthroughResolver([]string{options.namesrv})
	tool, err := admin.NewAdmin(admin.WithResolver(resolver))
	if err != nil {
		return nil, err
	}
	shared := &Shared{admin: tool}
	if shared.producer, err = startProducer(options, "shared-producer"); err != nil {
		return nil, err
	}
	shared.chooser, err = startProducer(options, "shared-chooser", producer.WithQueueSelector(producer.NewManualQueueSelector()))
	return shared, err
}

func startProducer(options Options, name string, more ...producer.Option) (rocketmq.Producer, error) {
	settings := []producer.Option{
		producer.WithNsResolver(primitive.NewPassthroughResolver([]string{options.namesrv})),
		producer.WithGroupName(name),
		producer.WithInstanceName(name),
		producer.WithSendMsgTimeout(10 * time.Second),
		producer.WithRetry(2),
	}
	created, err := rocketmq.NewProducer(append(settings, more...)...)
	if err != nil {
		return nil, err
	}
	return created, created.Start()
}

// Context is what one case works with: fresh names, clients that are shut down afterwards, the way to the driver.
type Context struct {
	name    string
	options Options
	driver  *Driver
	shared  *Shared
	serial  atomic.Int32
	mutex   sync.Mutex
	closers []func() error
}

func (c *Context) event(text string) { c.driver.line(c.name + ": " + text) }

func (c *Context) apache() bool { return c.options.server == "apache" }

// fresh gives a topic or group name that nobody else uses.
func (c *Context) fresh(what string) string {
	return fmt.Sprintf("%s-%s%d", c.name, what, c.serial.Add(1))
}

func (c *Context) onClose(closer func() error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.closers = append(c.closers, closer)
}

func (c *Context) close() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for _, closer := range c.closers {
		_ = closer()
	}
}

// topic creates a topic and waits until its route is known.
func (c *Context) topic(queues int) string {
	topic := c.fresh("t")
	c.createTopic(topic, queues)
	return topic
}

// group gives a group whose retry topic exists. This client asks for routes every 30 s, so a retry topic that is born
// with the first heartbeat would be found only then.
func (c *Context) group() string {
	group := c.fresh("g")
	c.createTopic("%RETRY%"+group, 1)
	return group
}

func (c *Context) createTopic(topic string, queues int) {
	check(c.shared.admin.CreateTopic(context.Background(),
		admin.WithTopicCreate(topic),
		admin.WithBrokerAddrCreate(c.options.broker),
		admin.WithReadQueueNums(queues),
		admin.WithWriteQueueNums(queues)))
	eventually("route of "+topic, func() bool { return len(c.queues(topic)) == queues })
}

// queues gives the queues of a topic in order, none while it has no route.
func (c *Context) queues(topic string) []*primitive.MessageQueue {
	found, err := c.shared.admin.FetchPublishMessageQueues(context.Background(), topic)
	if err != nil {
		return nil
	}
	sort.Slice(found, func(i, k int) bool { return found[i].QueueId < found[k].QueueId })
	return found
}

// send sends to the queue that the message names, or to the next one.
func (c *Context) send(message *primitive.Message) *primitive.SendResult {
	through := c.shared.producer
	if message.Queue != nil {
		through = c.shared.chooser
	}
	result, err := through.SendSync(context.Background(), message)
	check(err)
	equal("send status", primitive.SendOK, result.Status)
	return result
}

// sendMany sends messages with the bodies prefix0, prefix1, ... to the queues in turn and returns the bodies.
func (c *Context) sendMany(topic, prefix string, count int) []string {
	queues := c.queues(topic)
	var bodies []string
	for i := 0; i < count; i++ {
		body := fmt.Sprint(prefix, i)
		message := primitive.NewMessage(topic, []byte(body))
		message.Queue = queues[i%len(queues)]
		c.send(message)
		bodies = append(bodies, body)
	}
	return bodies
}

// push gives a push consumer that is not started yet and reads from the first offset.
func (c *Context) push(group string, more ...consumer.Option) rocketmq.PushConsumer {
	settings := []consumer.Option{
		consumer.WithNsResolver(primitive.NewPassthroughResolver([]string{c.options.namesrv})),
		consumer.WithGroupName(group),
		consumer.WithInstance(c.fresh("client")),
		consumer.WithConsumeFromWhere(consumer.ConsumeFromFirstOffset),
	}
	created, err := rocketmq.NewPushConsumer(append(settings, more...)...)
	check(err)
	c.onClose(created.Shutdown)
	return created
}

// receive starts a push consumer that takes everything its expression selects.
func (c *Context) receive(group, topic, expression string, more ...consumer.Option) (*Received, rocketmq.PushConsumer) {
	received := &Received{}
	created := c.push(group, more...)
	check(created.Subscribe(topic, consumer.MessageSelector{Type: consumer.TAG, Expression: expression}, received.listener))
	check(created.Start())
	return received, created
}

// Received are the messages a listener got, in the order of arrival.
type Received struct {
	mutex    sync.Mutex
	messages []*primitive.MessageExt
}

func (r *Received) listener(_ context.Context, messages ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
	r.add(messages...)
	return consumer.ConsumeSuccess, nil
}

func (r *Received) add(messages ...*primitive.MessageExt) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.messages = append(r.messages, messages...)
}

func (r *Received) list() []*primitive.MessageExt {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return append([]*primitive.MessageExt(nil), r.messages...)
}

func (r *Received) bodies() []string {
	var bodies []string
	for _, message := range r.list() {
		bodies = append(bodies, string(message.Body))
	}
	return bodies
}

// awaitAll waits until each of the bodies has come at least once.
func (r *Received) awaitAll(bodies []string) {
	var missing []string
	end := time.Now().Add(patience)
	for {
		got := map[string]bool{}
		for _, body := range r.bodies() {
			got[body] = true
		}
		missing = nil
		for _, body := range bodies {
			if !got[body] {
				missing = append(missing, body)
			}
		}
		if len(missing) == 0 {
			return
		}
		if time.Now().After(end) {
			panic(fmt.Sprintf("not within %s: %d messages: %v", patience, len(missing), missing))
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// awaitExactly waits until exactly these bodies have come, each once.
func (r *Received) awaitExactly(bodies []string) {
	r.awaitAll(bodies)
	equal("bodies", sorted(bodies), sorted(r.bodies()))
}

// awaitWithRepeats waits until each of the bodies of both lists has come and nothing else: `once` each once, `repeatable`
// perhaps more often, as a producer may have to send again, or a broker to deliver again, what a kill interrupted.
func (r *Received) awaitWithRepeats(once, repeatable []string) {
	r.awaitAll(once)
	r.awaitAll(repeatable)
	var got []string
	for _, body := range r.bodies() {
		if !contains(repeatable, body) {
			got = append(got, body)
		}
	}
	equal("bodies", sorted(once), sorted(got))
}

func sorted(list []string) []string {
	copied := append([]string(nil), list...)
	sort.Strings(copied)
	return copied
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func equal(what string, expected, actual any) {
	if !reflect.DeepEqual(expected, actual) {
		panic(fmt.Sprintf("%s: expected %v, got %v", what, expected, actual))
	}
}

func isTrue(what string, fact bool) {
	if !fact {
		panic(what)
	}
}

// eventually waits until a fact holds.
func eventually(what string, fact func() bool) {
	end := time.Now().Add(patience)
	for !fact() {
		if time.Now().After(end) {
			panic(fmt.Sprintf("not within %s: %s", patience, what))
		}
		time.Sleep(20 * time.Millisecond)
	}
}
