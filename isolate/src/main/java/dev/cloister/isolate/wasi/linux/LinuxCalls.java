package dev.cloister.isolate.wasi.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.cloister.isolate.wasi.Errno;
import dev.cloister.isolate.wasi.ErrnoException;
import dev.cloister.isolate.wasi.FileStat;
import dev.cloister.isolate.wasi.FileType;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/// The system calls that host folders are made of, the only native code that Cloister calls itself.
///
/// Names are single: without `/`, neither `.` nor `..`, except where said. Descriptors are the
/// process's own, always closed when a program is executed, and are closed by whoever got them.
/// Every method throws [ErrnoException] for what the kernel refuses. May be called from any thread.
///
/// Source: the manual pages `openat2(2)`, `statx(2)` and those of the calls named below.
final class LinuxCalls {
  /// Only stands for the file, as a place to go on from; needs no permission to read it.
  static final int OPEN_PATH = 0x20_0000;

  static final int OPEN_READ = 0;
  static final int OPEN_WRITE = 1;
  static final int OPEN_READ_WRITE = 2;
  static final int OPEN_CREATE = 0x40;
  static final int OPEN_EXCLUSIVE = 0x80;

  private static final int OPEN_NO_TERMINAL = 0x100;
  private static final int OPEN_NONBLOCK = 0x800;
  private static final int OPEN_CLOSE_ON_EXEC = 0x8_0000;

  private static final long RESOLVE_NO_MAGICLINKS = 0x02;
  private static final long RESOLVE_NO_SYMLINKS = 0x04;
  private static final long RESOLVE_BENEATH = 0x08;

  private static final long OPENAT2 = 437;
  private static final int OPEN_HOW_BYTES = 24;
  private static final int CURRENT_FOLDER = -100;
  private static final int SYMLINK_NOFOLLOW = 0x100;
  private static final int REMOVE_DIRECTORY = 0x200;
  private static final int EMPTY_PATH = 0x1000;
  private static final int STATX_BASIC_STATS = 0x7FF;
  private static final int WRITE_APPEND = 0x10;
  private static final int SEEK_SET = 0;
  private static final int FILE_MODE = 0x1B6; // 0666, less what the process's mask takes away
  private static final int DIRECTORY_MODE = 0x1FF; // 0777

  /// How often a call is made again that the kernel asks to repeat.
  private static final int MAX_ATTEMPTS = 64;

  private static final String SYSCALL = "syscall";

  private final LinuxPlatform platform;

  private final MethodHandle openat2;
  private final MethodHandle getdents64;
  private final MethodHandle close;
  private final MethodHandle statx;
  private final MethodHandle mkdirat;
  private final MethodHandle unlinkat;
  private final MethodHandle renameat;
  private final MethodHandle linkat;
  private final MethodHandle symlinkat;
  private final MethodHandle readlinkat;
  private final MethodHandle utimensat;
  private final MethodHandle futimens;
  private final MethodHandle pread;
  private final MethodHandle pwrite;
  private final MethodHandle pwritev2;
  private final MethodHandle ftruncate;
  private final MethodHandle fallocate;
  private final MethodHandle fsync;
  private final MethodHandle fdatasync;
  private final MethodHandle lseek;

  /// Links the calls.
  ///
  /// @throws java.util.NoSuchElementException if the C library lacks one
  /// @throws IllegalCallerException if native access is forbidden
  LinuxCalls(LinuxPlatform platform) {
    this.platform = platform;
    openat2 = variadic(JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS, ADDRESS, JAVA_LONG);
    getdents64 = variadic(JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG);
    close = link("close", JAVA_INT, JAVA_INT);
    statx = link("statx", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS);
    mkdirat = link("mkdirat", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
    unlinkat = link("unlinkat", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
    renameat = link("renameat", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, ADDRESS);
    linkat = link("linkat", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, JAVA_INT);
    symlinkat = link("symlinkat", JAVA_INT, ADDRESS, JAVA_INT, ADDRESS);
    readlinkat = link("readlinkat", JAVA_LONG, JAVA_INT, ADDRESS, ADDRESS, JAVA_LONG);
    utimensat = link("utimensat", JAVA_INT, JAVA_INT, ADDRESS, ADDRESS, JAVA_INT);
    futimens = link("futimens", JAVA_INT, JAVA_INT, ADDRESS);
    pread = link("pread", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG);
    pwrite = link("pwrite", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG);
    pwritev2 = link("pwritev2", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT, JAVA_LONG, JAVA_INT);
    ftruncate = link("ftruncate", JAVA_INT, JAVA_INT, JAVA_LONG);
    fallocate = link("fallocate", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG);
    fsync = link("fsync", JAVA_INT, JAVA_INT);
    fdatasync = link("fdatasync", JAVA_INT, JAVA_INT);
    lseek = link("lseek", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT);
  }

  /// Opens a folder by its path on the machine, as a place to go on from. Links are followed: the
  /// path is the operator's.
  int openRoot(String path) {
    return open(CURRENT_FOLDER, path, OPEN_PATH | platform.openDirectory(), 0, 0);
  }

  /// Opens what has `name` in `directory`, which must not be a symbolic link unless `flags` have
  /// [#OPEN_PATH]: then it is the link itself that is opened.
  int openAt(int directory, String name, int flags) {
    return open(
        directory,
        name,
        flags | platform.openNoFollow(),
        (flags & OPEN_CREATE) == 0 ? 0 : FILE_MODE,
        RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS);
  }

  /// Opens `directory` once more, to list or sync it.
  int reopenDirectory(int directory, int flags) {
    return openAt(directory, ".", flags | platform.openDirectory());
  }

  void close(int descriptor) {
    try (NativeFrame frame = NativeFrame.take()) {
      // Whatever it answers, the number is free afterwards.
      int _ = (int) close.invokeExact(frame.errno(), descriptor);
    } catch (Throwable thrown) {
      throw unexpected(thrown);
    }
  }

  /// The attributes of what `descriptor` stands for.
  FileStat stat(int descriptor) {
    return stat(descriptor, "", EMPTY_PATH);
  }

  /// The attributes of what has `name` in `directory`.
  FileStat statAt(int directory, String name) {
    return stat(directory, name, SYMLINK_NOFOLLOW);
  }

  void makeDirectory(int directory, String name) {
    try (NativeFrame frame = NativeFrame.take()) {
      check(
          frame,
          (int) mkdirat.invokeExact(frame.errno(), directory, frame.path(name), DIRECTORY_MODE));
    } catch (Throwable thrown) {
      throw unexpected(thrown);
    }
  }

  /// Removes the name of anything but a directory.
  void unlink(int directory, String name) {
    unlink(directory, name, 0);
  }

  /// Removes an empty directory.
  void removeDirectory(int directory, String name) {
    unlink(directory, name, REMOVE_DIRECTORY);
  }

  void rename(int directory, String name, int target, String newName) {
    try (NativeFrame frame = NativeFrame.take()) {
      check(
          frame,
          (int)
              renameat.invokeExact(
                  frame.errno(), directory, frame.path(name), target, frame.secondPath(newName)));
    } catch (Throwable thrown) {
      throw unexpected(thrown);
    }
  }

  /// Gives what has `name` in `directory` another name; a symbolic link is linked itself.
  void link(int directory, String name, int target, String newName) {
    try (NativeFrame frame = NativeFrame.take()) {
      check(
          frame,
          (int)
              linkat.invokeExact(
                  frame.errno(),
                  directory,
                  frame.path(name),
                  target,
                  frame.secondPath(newName),
                  0));
    } catch (Throwable thrown) {
      throw unexpected(thrown);
    }
  }

  void symlink(String content, int directory, String name) {
    try (NativeFrame frame = NativeFrame.take()) {
      check(
          frame,
          (int)
              symlinkat.invokeExact(
                  frame.errno(), frame.path(content), directory, frame.secondPath(name)));
    } catch (Throwable thrown) {
      throw unexpected(thrown);
    }
  }

  /// Where the symbolic link `descriptor` points; `ILSEQ` if that is not UTF-8.
  String readLink(int descriptor) {
    try (NativeFrame frame = NativeFrame.take()) {
      MemorySegment data = frame.data();
      long length =
          check(
              frame,
              (long)
                  readlinkat.invokeExact(
                      frame.errno(), descriptor, frame.path(""), data, data.byteSize()));
      return text(data.asSlice(0, length).toArray(JAVA_BYTE));
    } catch (Throwable thrown) {
      throw unexpected(thrown);
    }
  }

  /// Sets the times of what has `name` (also `.`) in `directory`.
  void changeTimesAt(int directory, String name, long accessNanos, long modificationNanos) {
    try (NativeFrame frame = NativeFrame.take()) {
      MemorySegment times = times(frame, accessNanos, modificationNanos);
      check(
          frame,
          (int)
              utimensat.invokeExact(
                  frame.errno(), directory, frame.path(name), times, SYMLINK_NOFOLLOW));
    } catch (Throwable thrown) {
      throw unexpected(thrown);
    }
  }

  /// Sets the times of an open file.
  void changeTimes(int descriptor, long accessNanos, long modificationNanos) {
    try (NativeFrame frame = NativeFrame.take()) {
      MemorySegment times = times(frame, accessNanos, modificationNanos);
      check(frame, (int) futimens.invokeExact(frame.errno(), descriptor, times));
    } catch (Throwable thrown) {
      throw unexpected(thrown);
    }
  }

  /// Reads at `offset`, up to 64 KiB; returns how many bytes, 0 at the end.
  int read(int descriptor, long offset, byte[] into, int from, int length) {
    try (NativeFrame frame = NativeFrame.take()) {
      long wanted = Math.min(length, NativeFrame.DATA_BYTES);
      long count =
          check(
              frame,
              (long) pread.invokeExact(frame.errno(), descriptor, frame.data(), wanted, offset));
      MemorySegment.copy(frame.data(), JAVA_BYTE, 0, into, from, (int) count);
      return (int) count;
    } catch (Throwable thrown) {
      throw unexpected(thrown);
    }
  }

  /// Writes at `offset`, up to 64 KiB; returns how many bytes.
  int write(int descriptor, long offset, byte[] bytes, int from, int length) {
    try (NativeFrame frame = NativeFrame.take()) {
      long wanted = Math.min(length, NativeFrame.DATA_BYTES);
      MemorySegment.copy(bytes, from, frame.data(), JAVA_BYTE, 0, (int) wanted);
      return (int)
          check(
              frame,
              (long) pwrite.invokeExact(frame.errno(), descriptor, frame.data(), wanted, offset));
    } catch (Throwable thrown) {
      throw unexpected(thrown);
    }
  }

  /// Writes at the end, wherever that is by then, up to 64 KiB; returns how many bytes.
  int append(int descriptor, byte[] bytes, int from, int length) {
    try (NativeFrame frame = NativeFrame.take()) {
      long wanted = Math.min(length, NativeFrame.DATA_BYTES);
      MemorySegment.copy(bytes, from, frame.data(), JAVA_BYTE, 0, (int) wanted);
      MemorySegment vector = frame.struct(); // struct iovec: address, length
      vector.set(ADDRESS, 0, frame.data());
      vector.set(JAVA_LONG, ADDRESS.byteSize(), wanted);
      return (int)
          check(
              frame,
              (long) pwritev2.invokeExact(frame.errno(), descriptor, vector, 1, 0L, WRITE_APPEND));
    } catch (Throwable thrown) {
      throw unexpected(thrown);
    }
  }

  void changeSize(int descriptor, long sizeBytes) {
    try (NativeFrame frame = NativeFrame.take()) {
      check(frame, (int) ftruncate.invokeExact(frame.errno(), descriptor, sizeBytes));
    } catch (Throwable thrown) {
      throw unexpected(thrown);
    }
  }

  /// Makes sure that there is room for `length` bytes at `offset`; false if the file system cannot.
  boolean allocate(int descriptor, long offset, long length) {
    try (NativeFrame frame = NativeFrame.take()) {
      int result = (int) fallocate.invokeExact(frame.errno(), descriptor, 0, offset, length);
      if (result != 0
          && (frame.error() == LinuxErrno.EOPNOTSUPP || frame.error() == LinuxErrno.ENOSYS)) {
        return false;
      }
      check(frame, result);
      return true;
    } catch (Throwable thrown) {
      throw unexpected(thrown);
    }
  }

  /// Waits until what was written is on the disk.
  void sync(int descriptor, boolean isDataOnly) {
    try (NativeFrame frame = NativeFrame.take()) {
      check(
          frame,
          isDataOnly
              ? (int) fdatasync.invokeExact(frame.errno(), descriptor)
              : (int) fsync.invokeExact(frame.errno(), descriptor));
    } catch (Throwable thrown) {
      throw unexpected(thrown);
    }
  }

  /// Begins to list `directory` at `position`: 0, or what an entry said.
  void seek(int directory, long position) {
    try (NativeFrame frame = NativeFrame.take()) {
      check(frame, (long) lseek.invokeExact(frame.errno(), directory, position, SEEK_SET));
    } catch (Throwable thrown) {
      throw unexpected(thrown);
    }
  }

  /// The next entries of `directory`, as the kernel lays them out, of at most `length` bytes; none
  /// at the end. Layout: u64 inode, u64 position after it, u16 size of the entry, u8 type, name.
  byte[] entries(int directory, int length) {
    try (NativeFrame frame = NativeFrame.take()) {
      long count =
          check(
              frame,
              (long)
                  getdents64.invokeExact(
                      frame.errno(),
                      platform.getdents64(),
                      (long) directory,
                      frame.data(),
                      (long) length));
      return frame.data().asSlice(0, count).toArray(JAVA_BYTE);
    } catch (Throwable thrown) {
      throw unexpected(thrown);
    }
  }

  private void unlink(int directory, String name, int flags) {
    try (NativeFrame frame = NativeFrame.take()) {
      check(frame, (int) unlinkat.invokeExact(frame.errno(), directory, frame.path(name), flags));
    } catch (Throwable thrown) {
      throw unexpected(thrown);
    }
  }

  private int open(int directory, String path, int flags, int mode, long resolve) {
    // A path alone takes few flags; files that are pipes must not make the opening wait.
    int more =
        (flags & OPEN_PATH) == 0
            ? OPEN_CLOSE_ON_EXEC | OPEN_NONBLOCK | OPEN_NO_TERMINAL
            : OPEN_CLOSE_ON_EXEC;
    try (NativeFrame frame = NativeFrame.take()) {
      MemorySegment how = frame.struct(); // struct open_how: u64 flags, mode, resolve
      how.set(JAVA_LONG, 0, Integer.toUnsignedLong(flags | more));
      how.set(JAVA_LONG, 8, mode);
      how.set(JAVA_LONG, 16, resolve);
      MemorySegment name = frame.path(path);
      long descriptor = -1;
      for (int attempt = 0; attempt < MAX_ATTEMPTS && descriptor < 0; attempt++) {
        descriptor =
            (long)
                openat2.invokeExact(
                    frame.errno(), OPENAT2, (long) directory, name, how, (long) OPEN_HOW_BYTES);
        // EAGAIN: something was renamed or mounted meanwhile, and the kernel cannot be sure.
        if (frame.error() != LinuxErrno.EAGAIN && frame.error() != LinuxErrno.EINTR) {
          break;
        }
      }
      return (int) check(frame, descriptor);
    } catch (Throwable thrown) {
      throw unexpected(thrown);
    }
  }

  /// Layout of `struct statx`: u32 links at 16, u16 mode at 28, u64 inode at 32, u64 size at 40;
  /// times of i64 seconds and u32 nanoseconds: access at 64, change at 96, modification at 112; u32
  /// each for the device at 136.
  private FileStat stat(int descriptor, String name, int flags) {
    try (NativeFrame frame = NativeFrame.take()) {
      MemorySegment stat = frame.struct();
      check(
          frame,
          (int)
              statx.invokeExact(
                  frame.errno(), descriptor, frame.path(name), flags, STATX_BASIC_STATS, stat));
      long device =
          Integer.toUnsignedLong(stat.get(JAVA_INT, 136)) << Integer.SIZE
              | Integer.toUnsignedLong(stat.get(JAVA_INT, 140));
      return new FileStat(
          device,
          stat.get(JAVA_LONG, 32),
          type(stat.get(JAVA_SHORT, 28)),
          Integer.toUnsignedLong(stat.get(JAVA_INT, 16)),
          stat.get(JAVA_LONG, 40),
          nanos(stat, 64),
          nanos(stat, 112),
          nanos(stat, 96));
    } catch (Throwable thrown) {
      throw unexpected(thrown);
    }
  }

  private static FileType type(short mode) {
    return switch ((mode >> 12) & 0xF) {
      case 0x2 -> FileType.CHARACTER_DEVICE;
      case 0x4 -> FileType.DIRECTORY;
      case 0x6 -> FileType.BLOCK_DEVICE;
      case 0x8 -> FileType.REGULAR_FILE;
      case 0xA -> FileType.SYMBOLIC_LINK;
      case 0xC -> FileType.SOCKET_STREAM;
      default -> FileType.UNKNOWN;
    };
  }

  private static long nanos(MemorySegment stat, long at) {
    return TimeUnit.SECONDS.toNanos(stat.get(JAVA_LONG, at)) + stat.get(JAVA_INT, at + 8);
  }

  /// Two of `struct timespec`: i64 seconds, i64 nanoseconds.
  private static MemorySegment times(NativeFrame frame, long accessNanos, long modificationNanos) {
    MemorySegment times = frame.struct();
    long second = TimeUnit.SECONDS.toNanos(1);
    times.set(JAVA_LONG, 0, Long.divideUnsigned(accessNanos, second));
    times.set(JAVA_LONG, 8, Long.remainderUnsigned(accessNanos, second));
    times.set(JAVA_LONG, 16, Long.divideUnsigned(modificationNanos, second));
    times.set(JAVA_LONG, 24, Long.remainderUnsigned(modificationNanos, second));
    return times;
  }

  /// `bytes` as text.
  ///
  /// @throws ErrnoException `ILSEQ`
  static String text(byte[] bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException _) {
      throw Errno.ILSEQ.exception();
    }
  }

  private static long check(NativeFrame frame, long result) {
    if (result < 0) {
      throw LinuxErrno.of(frame.error()).exception();
    }
    return result;
  }

  /// Handles declare that they throw anything; what we threw ourselves goes on.
  private static RuntimeException unexpected(Throwable thrown) {
    return switch (thrown) {
      case RuntimeException exception -> exception;
      case Error error -> throw error;
      default -> new IllegalStateException("a system call failed", thrown);
    };
  }

  @SuppressWarnings("restricted") // the functions and their types are those of linux/man-pages
  private static MethodHandle link(String name, MemoryLayout result, MemoryLayout... parameters) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(
        linker.defaultLookup().findOrThrow(name),
        FunctionDescriptor.of(result, parameters),
        Linker.Option.captureCallState("errno"));
  }

  /// `syscall(2)`, for what the C library has no function for.
  @SuppressWarnings("restricted") // as above
  private static MethodHandle variadic(MemoryLayout result, MemoryLayout... parameters) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(
        linker.defaultLookup().findOrThrow(SYSCALL),
        FunctionDescriptor.of(result, parameters),
        Linker.Option.captureCallState("errno"),
        Linker.Option.firstVariadicArg(1));
  }
}
