// A chat: a goroutine for each person, and a mutex around the list of them.
package main

import (
	"bufio"
	"fmt"
	"log"
	"net"
	"os"
	"sync"
)

var (
	mutex  sync.Mutex
	people = map[net.Conn]bool{}
)

func say(speaker net.Conn, line string) {
	mutex.Lock()
	defer mutex.Unlock()
	for person := range people {
		if person != speaker {
			fmt.Fprintln(person, line)
		}
	}
}

func handle(conn net.Conn) {
	mutex.Lock()
	people[conn] = true
	fmt.Fprintln(conn, "Welcome.")
	mutex.Unlock()
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		say(conn, lines.Text())
	}
	mutex.Lock()
	delete(people, conn)
	mutex.Unlock()
	conn.Close()
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
