package dev.cloister.isolate.wasi;

import dev.cloister.engine.runtime.HostFunction;
import dev.cloister.engine.runtime.Instance;
import dev.cloister.engine.types.FuncType;
import dev.cloister.engine.types.NumType;
import dev.cloister.engine.types.ValueType;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The table of all functions of WASI preview 1: name, group, method and parameters.
///
/// Parameters are `i` for i32 and `l` for i64. Every function returns an error code as i32, but for
/// `proc_exit`, which returns nothing at all.
enum WasiFunction {
  ARGS_GET("args_get", ArgsEnv.class, "argsGet", "ii"),
  ARGS_SIZES_GET("args_sizes_get", ArgsEnv.class, "argsSizesGet", "ii"),
  ENVIRON_GET("environ_get", ArgsEnv.class, "environGet", "ii"),
  ENVIRON_SIZES_GET("environ_sizes_get", ArgsEnv.class, "environSizesGet", "ii"),
  CLOCK_RES_GET("clock_res_get", Clocks.class, "clockResGet", "ii"),
  CLOCK_TIME_GET("clock_time_get", Clocks.class, "clockTimeGet", "ili"),
  FD_ADVISE("fd_advise", FileDescriptors.class, "fdAdvise", "illi"),
  FD_ALLOCATE("fd_allocate", FileAttributes.class, "fdAllocate", "ill"),
  FD_CLOSE("fd_close", FileDescriptors.class, "fdClose", "i"),
  FD_DATASYNC("fd_datasync", FileDescriptors.class, "fdDatasync", "i"),
  FD_FDSTAT_GET("fd_fdstat_get", FileDescriptors.class, "fdFdstatGet", "ii"),
  FD_FDSTAT_SET_FLAGS("fd_fdstat_set_flags", FileDescriptors.class, "fdFdstatSetFlags", "ii"),
  FD_FDSTAT_SET_RIGHTS("fd_fdstat_set_rights", FileDescriptors.class, "fdFdstatSetRights", "ill"),
  FD_FILESTAT_GET("fd_filestat_get", FileAttributes.class, "fdFilestatGet", "ii"),
  FD_FILESTAT_SET_SIZE("fd_filestat_set_size", FileAttributes.class, "fdFilestatSetSize", "il"),
  FD_FILESTAT_SET_TIMES(
      "fd_filestat_set_times", FileAttributes.class, "fdFilestatSetTimes", "illi"),
  FD_PREAD("fd_pread", FileTransfers.class, "fdPread", "iiili"),
  FD_PRESTAT_GET("fd_prestat_get", FileDescriptors.class, "fdPrestatGet", "ii"),
  FD_PRESTAT_DIR_NAME("fd_prestat_dir_name", FileDescriptors.class, "fdPrestatDirName", "iii"),
  FD_PWRITE("fd_pwrite", FileTransfers.class, "fdPwrite", "iiili"),
  FD_READ("fd_read", FileTransfers.class, "fdRead", "iiii"),
  FD_READDIR("fd_readdir", DirectoryListing.class, "fdReaddir", "iiili"),
  FD_RENUMBER("fd_renumber", FileDescriptors.class, "fdRenumber", "ii"),
  FD_SEEK("fd_seek", FileTransfers.class, "fdSeek", "ilii"),
  FD_SYNC("fd_sync", FileDescriptors.class, "fdSync", "i"),
  FD_TELL("fd_tell", FileTransfers.class, "fdTell", "ii"),
  FD_WRITE("fd_write", FileTransfers.class, "fdWrite", "iiii"),
  PATH_CREATE_DIRECTORY("path_create_directory", Paths.class, "pathCreateDirectory", "iii"),
  PATH_FILESTAT_GET("path_filestat_get", Paths.class, "pathFilestatGet", "iiiii"),
  PATH_FILESTAT_SET_TIMES(
      "path_filestat_set_times", Paths.class, "pathFilestatSetTimes", "iiiilli"),
  PATH_LINK("path_link", Paths.class, "pathLink", "iiiiiii"),
  PATH_OPEN("path_open", Paths.class, "pathOpen", "iiiiillii"),
  PATH_READLINK("path_readlink", Paths.class, "pathReadlink", "iiiiii"),
  PATH_REMOVE_DIRECTORY("path_remove_directory", Paths.class, "pathRemoveDirectory", "iii"),
  PATH_RENAME("path_rename", Paths.class, "pathRename", "iiiiii"),
  PATH_SYMLINK("path_symlink", Paths.class, "pathSymlink", "iiiii"),
  PATH_UNLINK_FILE("path_unlink_file", Paths.class, "pathUnlinkFile", "iii"),
  POLL_ONEOFF("poll_oneoff", Polling.class, "pollOneoff", "iiii"),
  PROC_EXIT("proc_exit", ProcessControl.class, "procExit", "i"),
  PROC_RAISE("proc_raise", ProcessControl.class, "procRaise", "i"),
  RANDOM_GET("random_get", Randomness.class, "randomGet", "ii"),
  SCHED_YIELD("sched_yield", ProcessControl.class, "schedYield", ""),
  SOCK_ACCEPT("sock_accept", Sockets.class, "sockAccept", "iii"),
  SOCK_RECV("sock_recv", Sockets.class, "sockRecv", "iiiiii"),
  SOCK_SEND("sock_send", Sockets.class, "sockSend", "iiiii"),
  SOCK_SHUTDOWN("sock_shutdown", Sockets.class, "sockShutdown", "ii");

  private static final Map<String, WasiFunction> BY_NAME =
      Arrays.stream(values())
          .collect(Collectors.toUnmodifiableMap(WasiFunction::functionName, Function.identity()));

  private final String functionName;
  private final Class<?> group;

  @SuppressWarnings("ImmutableEnumChecker") // its lists are copies
  private final HostFunction.Unbound function;

  WasiFunction(String functionName, Class<?> group, String method, String params) {
    this.functionName = functionName;
    this.group = group;
    boolean returns = !functionName.equals("proc_exit");
    this.function =
        HostFunction.unbound(
            funcType(params, returns), adapt(method(group, method, params), returns));
  }

  /// The function called `name`, or null.
  static @Nullable WasiFunction named(String name) {
    return BY_NAME.get(name);
  }

  /// The name that modules import.
  String functionName() {
    return functionName;
  }

  /// The class that has the method.
  Class<?> group() {
    return group;
  }

  /// The type that modules import.
  FuncType type() {
    return function.type();
  }

  /// The function of `receiver`, an instance of [#group()].
  HostFunction boundTo(Object receiver) {
    return function.bind(receiver);
  }

  private static FuncType funcType(String params, boolean returns) {
    List<ValueType> types = new ArrayList<>();
    params.chars().forEach(param -> types.add(param == 'l' ? NumType.I64 : NumType.I32));
    return new FuncType(types, returns ? List.of(NumType.I32) : List.of());
  }

  private static MethodHandle method(Class<?> group, String method, String params) {
    List<Class<?>> types = new ArrayList<>();
    types.add(GuestMemory.class);
    params.chars().forEach(param -> types.add(param == 'l' ? long.class : int.class));
    try {
      return MethodHandles.lookup()
          .findVirtual(group, method, MethodType.methodType(int.class, types));
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("no such method: " + group.getSimpleName() + "." + method, e);
    }
  }

  /// Lets `method` take the calling instance for its memory, and return the code of an
  /// [ErrnoException].
  private static MethodHandle adapt(MethodHandle method, boolean returns) {
    MethodHandle caught = MethodHandles.catchException(method, ErrnoException.class, Adapters.CODE);
    MethodHandle adapted = MethodHandles.filterArguments(caught, 1, Adapters.MEMORY);
    return returns ? adapted : adapted.asType(adapted.type().changeReturnType(void.class));
  }

  /// The two handles that all functions share; apart, because the constants need them first.
  private static final class Adapters {
    static final MethodHandle MEMORY;
    static final MethodHandle CODE;

    static {
      try {
        MethodHandles.Lookup lookup = MethodHandles.lookup();
        MEMORY =
            lookup.findStatic(
                GuestMemory.class, "of", MethodType.methodType(GuestMemory.class, Instance.class));
        CODE =
            lookup.findStatic(
                Adapters.class, "code", MethodType.methodType(int.class, ErrnoException.class));
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException(e);
      }
    }

    @SuppressWarnings("UnusedMethod") // by its handle
    private static int code(ErrnoException exception) {
      return exception.errno().code();
    }
  }
}
