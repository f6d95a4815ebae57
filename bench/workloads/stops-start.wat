;; A start function that never ends; for `--mode stops`.
(module
  (func $forever (loop $l (br $l)))
  (start $forever))
