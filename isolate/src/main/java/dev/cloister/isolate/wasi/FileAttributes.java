package dev.cloister.isolate.wasi;

/// `fd_filestat_*` and `fd_allocate`.
final class FileAttributes {
  private final FdTable descriptors;
  private final WasiClock clock;
  private final WasiSnapshot snapshot;

  FileAttributes(FdTable descriptors, WasiClock clock, WasiSnapshot snapshot) {
    this.descriptors = descriptors;
    this.clock = clock;
    this.snapshot = snapshot;
  }

  int fdFilestatGet(GuestMemory memory, int fd, int result) {
    Descriptor descriptor = descriptors.get(fd);
    descriptor.require(Rights.FD_FILESTAT_GET);
    snapshot.write(memory, result, descriptor.stat());
    return Errno.SUCCESS.code();
  }

  int fdFilestatSetSize(GuestMemory memory, int fd, long sizeBytes) {
    OpenFile file = file(fd, Rights.FD_FILESTAT_SET_SIZE);
    if (sizeBytes < 0) {
      return Errno.INVAL.code();
    }
    file.node().changeSize(sizeBytes);
    return Errno.SUCCESS.code();
  }

  int fdFilestatSetTimes(
      GuestMemory memory, int fd, long accessNanos, long modificationNanos, int flags) {
    Descriptor descriptor = descriptors.get(fd);
    descriptor.require(Rights.FD_FILESTAT_SET_TIMES);
    FileSystemNode node =
        switch (descriptor) {
          case OpenFile file -> file.node();
          case OpenDirectory directory -> directory.node();
          case StandardInput _, StandardOutput _ -> throw Errno.BADF.exception();
        };
    FileTimes.apply(node, accessNanos, modificationNanos, flags, clock);
    return Errno.SUCCESS.code();
  }

  int fdAllocate(GuestMemory memory, int fd, long offset, long length) {
    OpenFile file = file(fd, Rights.FD_ALLOCATE);
    if (offset < 0 || length <= 0) {
      return Errno.INVAL.code();
    }
    if (offset > Long.MAX_VALUE - length) {
      return Errno.FBIG.code();
    }
    file.node().allocate(offset, length);
    return Errno.SUCCESS.code();
  }

  private OpenFile file(int fd, long rights) {
    Descriptor descriptor = descriptors.get(fd);
    if (!(descriptor instanceof OpenFile file)) {
      throw (descriptor instanceof OpenDirectory ? Errno.BADF : Errno.INVAL).exception();
    }
    file.require(rights);
    return file;
  }
}
