// Greets each client in a goroutine of its own, and reads it to its end.
package main

import (
	"io"
	"log"
	"net"
	"os"
)

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
		go func() {
			defer conn.Close()
			io.WriteString(conn, "Message from the server.")
			io.Copy(io.Discard, conn)
		}()
	}
}
