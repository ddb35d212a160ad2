// Answers each frame with a frame that has its bytes in reverse order.
package main

import (
	"encoding/binary"
	"io"
	"log"
	"net"
	"os"
)

func handle(conn net.Conn) {
	defer conn.Close()
	for {
		var length uint16
		if binary.Read(conn, binary.BigEndian, &length) != nil {
			return
		}
		content := make([]byte, length)
		if _, err := io.ReadFull(conn, content); err != nil {
			return
		}
		answer := binary.BigEndian.AppendUint16(nil, length)
		for i := len(content) - 1; i >= 0; i-- {
			answer = append(answer, content[i])
		}
		conn.Write(answer)
	}
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[len(os.Args)-1])
	if err != nil {
		log.Fatal(err)
	}
	for {
		conn, err := listener.Accept()
		if err != nil {
			continue
		}
		go handle(conn)
	}
}
