package dev.cloister.isolate.wasi;

/// One `path_open`: what it asks for and what it gets.
///
/// @param base the directory that the path begins in
/// @param openFlags of [OpenFlags]
/// @param rights the rights asked for
/// @param inheritingRights the inheriting rights asked for
/// @param fdFlags of [FdFlags]
record PathOpening(
    OpenDirectory base, int openFlags, long rights, long inheritingRights, int fdFlags) {

  /// Opens what `resolved` stands for, made first if that is asked for. The descriptor holds it.
  Descriptor open(ResolvedPath resolved) {
    requireCoherentFlags();
    FileSystemNode node = resolved.node();
    if (node == null) {
      return describe(create(resolved));
    }
    if (has(OpenFlags.CREATE) && has(OpenFlags.EXCLUSIVE)) {
      throw Errno.EXIST.exception();
    }
    return switch (node) {
      case SymlinkNode _ -> throw Errno.LOOP.exception();
      case DirectoryNode directory -> openDirectory(directory);
      case RegularFileNode file -> {
        if (has(OpenFlags.DIRECTORY) || resolved.mustBeDirectory()) {
          throw Errno.NOTDIR.exception();
        }
        yield openFile(file);
      }
    };
  }

  /// Whether `errno` means that somebody else made the file between the look at its name and its
  /// making, which the guest need not know.
  boolean isBeaten(Errno errno) {
    return errno == Errno.EXIST && has(OpenFlags.CREATE) && !has(OpenFlags.EXCLUSIVE);
  }

  private void requireCoherentFlags() {
    if (has(OpenFlags.DIRECTORY)
        && (has(OpenFlags.CREATE) || has(OpenFlags.EXCLUSIVE) || has(OpenFlags.TRUNCATE))) {
      throw Errno.INVAL.exception();
    }
    if (has(OpenFlags.CREATE)) {
      base.require(Rights.PATH_CREATE_FILE);
    }
    if (has(OpenFlags.TRUNCATE)) {
      base.require(Rights.PATH_FILESTAT_SET_SIZE);
    }
  }

  private RegularFileNode create(ResolvedPath resolved) {
    if (!has(OpenFlags.CREATE)) {
      throw Errno.NOENT.exception();
    }
    if (resolved.mustBeDirectory()) {
      throw Errno.ISDIR.exception();
    }
    return resolved.requireParent(Errno.ISDIR).createFile(resolved.name());
  }

  private Descriptor openFile(RegularFileNode file) {
    long granted = granted();
    boolean truncates = has(OpenFlags.TRUNCATE);
    boolean writes = truncates || (granted & Rights.WRITING) != 0;
    RegularFileNode opened = file.open((granted & Rights.FD_READ) != 0, writes);
    boolean isDone = false;
    try {
      if (truncates) {
        opened.changeSize(0);
      }
      isDone = true;
      return describe(opened);
    } finally {
      if (!isDone) {
        opened.release();
      }
    }
  }

  private Descriptor describe(RegularFileNode file) {
    return new OpenFile(file, granted(), fdFlags);
  }

  private long granted() {
    return rights & base.inheritingRights() & Rights.OF_FILES;
  }

  private Descriptor openDirectory(DirectoryNode directory) {
    if ((rights & Rights.FD_WRITE) != 0 || has(OpenFlags.CREATE) || has(OpenFlags.TRUNCATE)) {
      throw Errno.ISDIR.exception();
    }
    directory.retain();
    return new OpenDirectory(
        directory,
        /* preopenedAs= */ null,
        rights & base.inheritingRights() & Rights.OF_DIRECTORIES,
        inheritingRights & base.inheritingRights(),
        fdFlags);
  }

  private boolean has(int flag) {
    return (openFlags & flag) != 0;
  }
}
