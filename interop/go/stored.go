package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"github.com/apache/rocketmq-client-go/v2/primitive"
)

// queryConsumerOffset is the request for the stored offset of a group in one queue.
const queryConsumerOffset = 14

// awaitStored waits until the offsets that the broker has of a group add up to `total`. A listener returns before its
// client counts the messages as consumed, and the client commits every 5 s: a shutdown at once repeats messages.
func (c *Context) awaitStored(group, topic string, total int64) {
	eventually("stored offsets of "+group, func() bool {
		sum := int64(0)
		for _, queue := range c.queues(topic) {
			offset, err := storedOffset(c.options.broker, group, queue)
			check(err)
			sum += offset
		}
		return sum == total
	})
}

// storedOffset asks the broker by a raw frame, as this client has no call for it; 0 if nothing is stored.
func storedOffset(broker, group string, queue *primitive.MessageQueue) (int64, error) {
	fields := map[string]string{"consumerGroup": group, "topic": queue.Topic, "queueId": strconv.Itoa(queue.QueueId)}
	header, err := json.Marshal(map[string]any{
		"code": queryConsumerOffset, "language": "OTHER", "version": 0, "opaque": 1, "flag": 0, "extFields": fields,
	})
	if err != nil {
		return 0, err
	}
	conn, err := net.DialTimeout("tcp", broker, 10*time.Second)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	if err = conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return 0, err
	}
	// Length of the rest, length of the header (its top byte is the codec: 0, JSON), header, no body.
	frame := binary.BigEndian.AppendUint32(nil, uint32(4+len(header)))
	frame = append(binary.BigEndian.AppendUint32(frame, uint32(len(header))), header...)
	if _, err = conn.Write(frame); err != nil {
		return 0, err
	}
	var lengths [8]byte
	if _, err = io.ReadFull(conn, lengths[:]); err != nil {
		return 0, err
	}
	rest := make([]byte, binary.BigEndian.Uint32(lengths[:4])-4)
	if _, err = io.ReadFull(conn, rest); err != nil {
		return 0, err
	}
	var answer struct {
		Code      int
		ExtFields struct{ Offset string }
	}
	if err = json.Unmarshal(rest[:binary.BigEndian.Uint32(lengths[4:])&0xFFFFFF], &answer); err != nil {
		return 0, err
	}
	// 22: no offset is stored.
	if answer.Code == 22 {
		return 0, nil
	}
	if answer.Code != 0 {
		return 0, fmt.Errorf("stored offset of %s: code %d", group, answer.Code)
	}
	return strconv.ParseInt(answer.ExtFields.Offset, 10, 64)
}
