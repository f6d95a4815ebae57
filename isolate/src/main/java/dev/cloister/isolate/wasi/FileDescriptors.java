package dev.cloister.isolate.wasi;

import java.nio.charset.StandardCharsets;

/// `fd_*` that concern the descriptor itself.
final class FileDescriptors {
  private static final int FDSTAT_BYTES = 24;
  private static final int PRESTAT_BYTES = 8;
  private static final int PRESTAT_DIRECTORY = 0;
  private static final int MAX_ADVICE = 5;

  private final FdTable descriptors;

  FileDescriptors(FdTable descriptors) {
    this.descriptors = descriptors;
  }

  int fdClose(GuestMemory memory, int fd) {
    descriptors.close(fd);
    return Errno.SUCCESS.code();
  }

  int fdRenumber(GuestMemory memory, int from, int to) {
    descriptors.renumber(from, to);
    return Errno.SUCCESS.code();
  }

  /// Layout: u8 type, u16 flags at 2, u64 rights at 8, u64 inheriting rights at 16.
  int fdFdstatGet(GuestMemory memory, int fd, int result) {
    Descriptor descriptor = descriptors.get(fd);
    memory.check(result, FDSTAT_BYTES);
    memory.setInt8(result, descriptor.stat().type().code());
    memory.setInt8(result + 1, 0);
    memory.setInt16(result + 2, descriptor.flags());
    memory.setInt32(result + 4, 0);
    memory.setInt64(result + 8, descriptor.rights());
    memory.setInt64(result + 16, descriptor.inheritingRights());
    return Errno.SUCCESS.code();
  }

  int fdFdstatSetFlags(GuestMemory memory, int fd, int flags) {
    Descriptor descriptor = descriptors.get(fd);
    descriptor.require(Rights.FD_FDSTAT_SET_FLAGS);
    descriptor.changeFlags(FdFlags.require(flags));
    return Errno.SUCCESS.code();
  }

  int fdFdstatSetRights(GuestMemory memory, int fd, long rights, long inheritingRights) {
    descriptors.get(fd).changeRights(rights, inheritingRights);
    return Errno.SUCCESS.code();
  }

  /// Layout: u8 tag, u32 length of the name at 4.
  int fdPrestatGet(GuestMemory memory, int fd, int result) {
    byte[] name = preopenName(fd);
    memory.check(result, PRESTAT_BYTES);
    memory.setInt32(result, PRESTAT_DIRECTORY);
    memory.setInt32(result + 4, name.length);
    return Errno.SUCCESS.code();
  }

  int fdPrestatDirName(GuestMemory memory, int fd, int path, int length) {
    byte[] name = preopenName(fd);
    if (Integer.compareUnsigned(length, name.length) < 0) {
      return Errno.NAMETOOLONG.code();
    }
    memory.write(path, name, 0, name.length);
    return Errno.SUCCESS.code();
  }

  int fdSync(GuestMemory memory, int fd) {
    Descriptor descriptor = descriptors.get(fd);
    descriptor.require(Rights.FD_SYNC);
    sync(descriptor, /* isDataOnly= */ false);
    return Errno.SUCCESS.code();
  }

  int fdDatasync(GuestMemory memory, int fd) {
    Descriptor descriptor = descriptors.get(fd);
    descriptor.require(Rights.FD_DATASYNC);
    sync(descriptor, /* isDataOnly= */ true);
    return Errno.SUCCESS.code();
  }

  int fdAdvise(GuestMemory memory, int fd, long offset, long length, int advice) {
    Descriptor descriptor = descriptors.get(fd);
    if (!(descriptor instanceof OpenFile)) {
      return (descriptor instanceof OpenDirectory ? Errno.BADF : Errno.SPIPE).code();
    }
    descriptor.require(Rights.FD_ADVISE);
    boolean isValid = offset >= 0 && length >= 0 && advice >= 0 && advice <= MAX_ADVICE;
    return (isValid ? Errno.SUCCESS : Errno.INVAL).code();
  }

  private static void sync(Descriptor descriptor, boolean isDataOnly) {
    switch (descriptor) {
      case OpenFile file -> file.node().sync(isDataOnly);
      case OpenDirectory directory -> directory.node().sync(isDataOnly);
      case StandardInput _, StandardOutput _ -> throw Errno.INVAL.exception();
    }
  }

  private byte[] preopenName(int fd) {
    if (descriptors.get(fd) instanceof OpenDirectory directory) {
      String name = directory.preopenedAs();
      if (name != null) {
        return name.getBytes(StandardCharsets.UTF_8);
      }
    }
    throw Errno.BADF.exception();
  }
}
