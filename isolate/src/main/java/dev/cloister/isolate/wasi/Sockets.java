package dev.cloister.isolate.wasi;

/// `sock_*`: no descriptor of a guest is a socket.
final class Sockets {
  private final FdTable descriptors;

  Sockets(FdTable descriptors) {
    this.descriptors = descriptors;
  }

  int sockAccept(GuestMemory memory, int fd, int flags, int result) {
    return noSocket(fd);
  }

  int sockRecv(
      GuestMemory memory, int fd, int vectors, int count, int flags, int size, int resultFlags) {
    return noSocket(fd);
  }

  int sockSend(GuestMemory memory, int fd, int vectors, int count, int flags, int size) {
    return noSocket(fd);
  }

  int sockShutdown(GuestMemory memory, int fd, int how) {
    return noSocket(fd);
  }

  private int noSocket(int fd) {
    descriptors.get(fd); // BADF
    return Errno.NOTSOCK.code();
  }
}
