// Sends each datagram back to where it came from.
package main

import (
	"log"
	"net"
	"os"
)

func main() {
	socket, err := net.ListenPacket("udp", "127.0.0.1:"+os.Args[len(os.Args)-1])
	if err != nil {
		log.Fatal(err)
	}
	buffer := make([]byte, 65535)
	for {
		length, from, err := socket.ReadFrom(buffer)
		if err == nil {
			socket.WriteTo(buffer[:length], from)
		}
	}
}
