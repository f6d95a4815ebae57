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

  /// Opens what `resolved` stands for, made first if that is asked for.
  Descriptor open(ResolvedPath resolved) {
    requireCoherentFlags();
    FileSystemNode node = resolved.node();
    if (node == null) {
      return openFile(create(resolved));
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
        yield openFile(truncated(file));
      }
    };
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

  private RegularFileNode truncated(RegularFileNode file) {
    if (has(OpenFlags.TRUNCATE)) {
      file.changeSize(0);
    }
    return file;
  }

  private Descriptor openFile(RegularFileNode file) {
    return new OpenFile(file, rights & base.inheritingRights() & Rights.OF_FILES, fdFlags);
  }

  private Descriptor openDirectory(DirectoryNode directory) {
    if ((rights & Rights.FD_WRITE) != 0 || has(OpenFlags.CREATE) || has(OpenFlags.TRUNCATE)) {
      throw Errno.ISDIR.exception();
    }
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
