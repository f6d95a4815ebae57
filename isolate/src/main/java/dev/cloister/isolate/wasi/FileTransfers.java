package dev.cloister.isolate.wasi;

/// `fd_read`, `fd_write` and their like: bytes between descriptors and the guest's memory.
final class FileTransfers implements AutoCloseable {

  /// The offset that stands for the end of the file.
  private static final long AT_END = -1;

  private static final int TRANSFER_BYTES = 1 << 16;
  private static final int LEAST_TRANSFER_BYTES = 1 << 10;
  private static final byte[] NO_BYTES = {};

  private final FdTable descriptors;
  private final WasiSnapshot snapshot;
  private final FileQuota quota;

  /// Where bytes pass through; made when first needed, as large as ever needed. It stays with the
  /// instance, so it is charged.
  private byte[] transfer = NO_BYTES;

  FileTransfers(FdTable descriptors, WasiSnapshot snapshot, FileQuota quota) {
    this.descriptors = descriptors;
    this.snapshot = snapshot;
    this.quota = quota;
  }

  /// Gives back what was charged.
  @Override
  public void close() {
    quota.release(transfer.length);
    transfer = NO_BYTES;
  }

  int fdRead(GuestMemory memory, int fd, int vectors, int count, int result) {
    Descriptor descriptor = descriptors.get(fd);
    IoVectors buffers = IoVectors.read(memory, vectors, count);
    memory.check(result, Integer.BYTES);
    switch (descriptor) {
      case StandardInput input -> {
        input.require(Rights.FD_READ);
        memory.setInt32(result, readStream(memory, input, buffers));
      }
      case OpenFile file -> {
        file.require(Rights.FD_READ);
        int read = readFile(memory, file, buffers, file.position());
        file.moveTo(file.position() + read);
        memory.setInt32(result, read);
      }
      case StandardOutput _ -> throw Errno.BADF.exception();
      case OpenDirectory _ -> throw Errno.ISDIR.exception();
    }
    return Errno.SUCCESS.code();
  }

  int fdWrite(GuestMemory memory, int fd, int vectors, int count, int result) {
    Descriptor descriptor = descriptors.get(fd);
    IoVectors buffers = IoVectors.read(memory, vectors, count);
    memory.check(result, Integer.BYTES);
    switch (descriptor) {
      case StandardOutput output -> {
        output.require(Rights.FD_WRITE);
        memory.setInt32(result, writeStream(memory, output, buffers));
      }
      case OpenFile file -> {
        file.require(Rights.FD_WRITE);
        int written = writeFile(memory, file, buffers, file.appends() ? AT_END : file.position());
        file.moveTo(file.appends() ? file.node().sizeBytes() : file.position() + written);
        memory.setInt32(result, written);
      }
      case StandardInput _ -> throw Errno.BADF.exception();
      case OpenDirectory _ -> throw Errno.ISDIR.exception();
    }
    return Errno.SUCCESS.code();
  }

  int fdPread(GuestMemory memory, int fd, int vectors, int count, long offset, int result) {
    OpenFile file = seekable(fd, Rights.FD_READ | Rights.FD_SEEK);
    IoVectors buffers = IoVectors.read(memory, vectors, count);
    memory.check(result, Integer.BYTES);
    memory.setInt32(result, readFile(memory, file, buffers, requireOffset(offset)));
    return Errno.SUCCESS.code();
  }

  int fdPwrite(GuestMemory memory, int fd, int vectors, int count, long offset, int result) {
    OpenFile file = seekable(fd, Rights.FD_WRITE | Rights.FD_SEEK);
    IoVectors buffers = IoVectors.read(memory, vectors, count);
    memory.check(result, Integer.BYTES);
    memory.setInt32(result, writeFile(memory, file, buffers, requireOffset(offset)));
    return Errno.SUCCESS.code();
  }

  int fdSeek(GuestMemory memory, int fd, long offset, int whence, int result) {
    OpenFile file = seekable(fd, 0);
    memory.check(result, Long.BYTES);
    Whence origin = snapshot.whence(whence);
    file.require(offset == 0 && origin == Whence.CURRENT ? Rights.FD_TELL : Rights.FD_SEEK);
    long base =
        switch (origin) {
          case SET -> 0;
          case CURRENT -> file.position();
          case END -> file.node().sizeBytes();
        };
    long position = base + offset; // base is not negative, so only a large sum can overflow
    if (position < 0) {
      return (offset > 0 ? Errno.OVERFLOW : Errno.INVAL).code();
    }
    file.moveTo(position);
    memory.setInt64(result, position);
    return Errno.SUCCESS.code();
  }

  int fdTell(GuestMemory memory, int fd, int result) {
    OpenFile file = seekable(fd, Rights.FD_TELL);
    memory.setInt64(result, file.position());
    return Errno.SUCCESS.code();
  }

  private OpenFile seekable(int fd, long rights) {
    return switch (descriptors.get(fd)) {
      case OpenFile file -> {
        file.require(rights);
        yield file;
      }
      case OpenDirectory _ -> throw Errno.BADF.exception();
      case StandardInput _, StandardOutput _ -> throw Errno.SPIPE.exception();
    };
  }

  private static long requireOffset(long offset) {
    if (offset < 0) {
      throw Errno.INVAL.exception();
    }
    return offset;
  }

  /// Reads once, into the first buffer that is not empty: more could mean to wait.
  private int readStream(GuestMemory memory, StandardInput input, IoVectors buffers) {
    for (int i = 0; i < buffers.count(); i++) {
      int length = buffers.lengths()[i];
      if (length > 0) {
        byte[] bytes = transfer(length);
        int read = input.read(bytes, 0, Math.min(length, bytes.length));
        if (read < 0) {
          return 0;
        }
        memory.write(buffers.addresses()[i], bytes, 0, read);
        return read;
      }
    }
    return 0;
  }

  private int writeStream(GuestMemory memory, StandardOutput output, IoVectors buffers) {
    int written = 0;
    for (int i = 0; i < buffers.count(); i++) {
      int length = buffers.lengths()[i];
      for (int done = 0; done < length; ) {
        byte[] bytes = transfer(length - done);
        int count = Math.min(length - done, bytes.length);
        memory.read(buffers.addresses()[i] + done, bytes, 0, count);
        output.write(bytes, 0, count);
        done += count;
      }
      written += length;
    }
    return written;
  }

  private int readFile(GuestMemory memory, OpenFile file, IoVectors buffers, long offset) {
    int total = 0;
    for (int i = 0; i < buffers.count(); i++) {
      int length = buffers.lengths()[i];
      for (int done = 0; done < length; ) {
        byte[] bytes = transfer(length - done);
        int wanted = Math.min(length - done, bytes.length);
        int read = file.node().read(offset + total, bytes, 0, wanted);
        memory.write(buffers.addresses()[i] + done, bytes, 0, read);
        done += read;
        total += read;
        if (read < wanted) {
          return total;
        }
      }
    }
    return total;
  }

  /// Writes as much as fits; `NOSPC` or `FBIG` only if that is nothing.
  ///
  /// @param offset where, or [#AT_END]
  private int writeFile(GuestMemory memory, OpenFile file, IoVectors buffers, long offset) {
    int total = 0;
    for (int i = 0; i < buffers.count(); i++) {
      int length = buffers.lengths()[i];
      for (int done = 0; done < length; ) {
        byte[] bytes = transfer(length - done);
        int count = Math.min(length - done, bytes.length);
        memory.read(buffers.addresses()[i] + done, bytes, 0, count);
        int written;
        try {
          written =
              offset == AT_END
                  ? file.node().append(bytes, 0, count)
                  : file.node().write(offset + total, bytes, 0, count);
        } catch (ErrnoException full) {
          if (total == 0) {
            throw full;
          }
          return synced(file, total);
        }
        done += written;
        total += written;
      }
    }
    return synced(file, total);
  }

  /// Waits for the disk if the guest said that writing shall.
  private static int synced(OpenFile file, int written) {
    if ((file.flags() & (FdFlags.SYNC | FdFlags.DSYNC)) != 0) {
      file.node().sync((file.flags() & FdFlags.SYNC) == 0);
    }
    return written;
  }

  private byte[] transfer(int wanted) {
    if (transfer.length < TRANSFER_BYTES && transfer.length < wanted) {
      int size = Math.min(TRANSFER_BYTES, Math.max(LEAST_TRANSFER_BYTES, wanted));
      if (quota.charge(size - transfer.length)) {
        transfer = new byte[size];
      } else if (transfer.length == 0) {
        throw Errno.NOMEM.exception();
      }
    }
    return transfer;
  }
}
