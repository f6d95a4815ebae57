package dev.cloister.isolate.wasi.linux;

import dev.cloister.isolate.wasi.Errno;
import java.util.Map;

/// The error codes of Linux by number, as WASI has them.
///
/// Source: `asm-generic/errno-base.h` and `asm-generic/errno.h`; x86-64 and aarch64 use both.
final class LinuxErrno {
  static final int EINTR = 4;
  static final int EAGAIN = 11;
  static final int ENOSYS = 38;
  static final int EOPNOTSUPP = 95;

  private static final Map<Integer, Errno> BY_NUMBER =
      Map.ofEntries(
          Map.entry(1, Errno.PERM),
          Map.entry(2, Errno.NOENT),
          Map.entry(EINTR, Errno.INTR),
          Map.entry(5, Errno.IO),
          Map.entry(6, Errno.NXIO),
          Map.entry(9, Errno.BADF),
          Map.entry(EAGAIN, Errno.AGAIN),
          Map.entry(12, Errno.NOMEM),
          Map.entry(13, Errno.ACCES),
          Map.entry(16, Errno.BUSY),
          Map.entry(17, Errno.EXIST),
          Map.entry(18, Errno.XDEV),
          Map.entry(19, Errno.NODEV),
          Map.entry(20, Errno.NOTDIR),
          Map.entry(21, Errno.ISDIR),
          Map.entry(22, Errno.INVAL),
          Map.entry(23, Errno.NFILE),
          Map.entry(24, Errno.NFILE), // the whole process has too many, not the guest
          Map.entry(26, Errno.TXTBSY),
          Map.entry(27, Errno.FBIG),
          Map.entry(28, Errno.NOSPC),
          Map.entry(29, Errno.SPIPE),
          Map.entry(30, Errno.ROFS),
          Map.entry(31, Errno.MLINK),
          Map.entry(32, Errno.PIPE),
          Map.entry(36, Errno.NAMETOOLONG),
          Map.entry(ENOSYS, Errno.NOSYS),
          Map.entry(39, Errno.NOTEMPTY),
          Map.entry(40, Errno.LOOP),
          Map.entry(75, Errno.OVERFLOW),
          Map.entry(84, Errno.ILSEQ),
          Map.entry(EOPNOTSUPP, Errno.NOTSUP),
          Map.entry(116, Errno.STALE),
          Map.entry(122, Errno.DQUOT));

  private LinuxErrno() {}

  /// What `number` is to a guest; what it has no use for is `IO`.
  static Errno of(int number) {
    return BY_NUMBER.getOrDefault(number, Errno.IO);
  }
}
