// Asks a server for the time, five times at most.
package main

import (
	"log"
	"net"
	"os"
	"time"
)

func main() {
	conn, err := net.Dial("udp", "127.0.0.1:"+os.Args[len(os.Args)-1])
	if err != nil {
		log.Fatal(err)
	}
	answer := make([]byte, 65535)
	for tries := 0; tries < 5; tries++ {
		conn.Write([]byte("What time is it?"))
		conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		if length, err := conn.Read(answer); err == nil {
			os.Stdout.Write(answer[:length])
			return
		}
	}
	log.Fatal("no answer")
}
