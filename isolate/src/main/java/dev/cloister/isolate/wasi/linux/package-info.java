/// Folders of the machine as file systems of guests, by the system calls of Linux.
///
/// A path of a guest is walked one name at a time by the same resolver as in memory; here every
/// name is one `openat2` beneath the directory before it, and every directory that was walked is
/// held open. So nothing between two steps can lead the walk elsewhere, whoever changes the folder
/// meanwhile. `docs/decisions/0023-host-folders-by-openat2.md` says more.
@NullMarked
package dev.cloister.isolate.wasi.linux;

import org.jspecify.annotations.NullMarked;
