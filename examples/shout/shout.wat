;; A WASI command of scripts/demo: standard input in capitals. shout.wasm is this text assembled.
(module $shout
  (import "wasi_snapshot_preview1" "fd_read"
    (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  ;; 0: address of the buffer, 4: its length, 8: how many bytes were read or written, 65536: buffer
  (memory (export "memory") 2)
  (func $start (export "_start") (local $i i32) (local $count i32) (local $byte i32)
    loop
      i32.const 0
      i32.const 65536
      i32.store
      i32.const 4
      i32.const 65536
      i32.store
      i32.const 0
      i32.const 0
      i32.const 1
      i32.const 8
      call $read
      drop
      i32.const 8
      i32.load
      local.tee $count
      if
        i32.const 0
        local.set $i
        loop
          local.get $i
          i32.load8_u offset=65536
          local.tee $byte
          i32.const 97
          i32.sub
          i32.const 26
          i32.lt_u
          if
            local.get $i
            local.get $byte
            i32.const 32
            i32.sub
            i32.store8 offset=65536
          end
          local.get $i
          i32.const 1
          i32.add
          local.tee $i
          local.get $count
          i32.lt_u
          br_if 0
        end
        i32.const 4
        local.get $count
        i32.store
        i32.const 1
        i32.const 0
        i32.const 1
        i32.const 8
        call $write
        drop
        br 1
      end
    end))
