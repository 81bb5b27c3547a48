; ModuleID = '__compute_module_call_computation_kernel_module'
source_filename = "__compute_module_call_computation_kernel_module"
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

; Function Attrs: nofree norecurse nosync nounwind memory(readwrite, inaccessiblemem: none, target_mem: none) uwtable
define noalias noundef ptr @call_kernel(ptr nofree readonly captures(none) %0) local_unnamed_addr #0 {
  %args_gep = getelementptr inbounds nuw i8, ptr %0, i64 24
  %args = load ptr, ptr %args_gep, align 8
  %arg15_gep = getelementptr i8, ptr %args, i64 240
  %arg15 = load ptr, ptr %arg15_gep, align 8, !invariant.load !3, !dereferenceable !4, !align !5
  %arg16_gep = getelementptr i8, ptr %args, i64 256
  %arg16 = load ptr, ptr %arg16_gep, align 8, !invariant.load !3, !dereferenceable !4, !align !5
  %arg17_gep = getelementptr i8, ptr %args, i64 272
  %arg17 = load ptr, ptr %arg17_gep, align 8, !invariant.load !3, !dereferenceable !4, !align !5
  %arg18_gep = getelementptr i8, ptr %args, i64 288
  %arg18 = load ptr, ptr %arg18_gep, align 8, !invariant.load !3, !dereferenceable !6, !align !5
  %arg19_gep = getelementptr i8, ptr %args, i64 304
  %arg19 = load ptr, ptr %arg19_gep, align 8, !invariant.load !3, !dereferenceable !7, !align !5
  %arg21_gep = getelementptr i8, ptr %args, i64 336
  %arg21 = load ptr, ptr %arg21_gep, align 8, !invariant.load !3, !dereferenceable !8, !align !5
  %arg22_gep = getelementptr i8, ptr %args, i64 352
  %arg22 = load ptr, ptr %arg22_gep, align 8, !invariant.load !3, !dereferenceable !4, !align !5
  %arg23_gep = getelementptr i8, ptr %args, i64 368
  %arg23 = load ptr, ptr %arg23_gep, align 8, !invariant.load !3, !dereferenceable !7, !align !5
  %arg24_gep = getelementptr i8, ptr %args, i64 384
  %arg24 = load ptr, ptr %arg24_gep, align 8, !invariant.load !3, !dereferenceable !7, !align !5
  %arg25_gep = getelementptr i8, ptr %args, i64 400
  %arg25 = load ptr, ptr %arg25_gep, align 8, !invariant.load !3, !dereferenceable !8, !align !5
  %arg26_gep = getelementptr i8, ptr %args, i64 416
  %arg26 = load ptr, ptr %arg26_gep, align 8, !invariant.load !3, !dereferenceable !7, !align !5
  %arg27_gep = getelementptr i8, ptr %args, i64 432
  %arg27 = load ptr, ptr %arg27_gep, align 8, !invariant.load !3, !dereferenceable !4, !align !5
  %arg28_gep = getelementptr i8, ptr %args, i64 448
  %arg28 = load ptr, ptr %arg28_gep, align 8, !invariant.load !3, !dereferenceable !7, !align !5
  %arg30_gep = getelementptr i8, ptr %args, i64 480
  %arg30 = load ptr, ptr %arg30_gep, align 8, !invariant.load !3, !dereferenceable !7, !align !5
  %2 = load i32, ptr %arg24, align 64, !alias.scope !9, !noalias !12
  %3 = icmp slt i32 %2, 72
  %4 = zext i1 %3 to i8
  store i8 %4, ptr %arg18, align 64, !alias.scope !19, !noalias !20
  br i1 %3, label %while.0.body.i.lr.ph, label %return

while.0.body.i.lr.ph:                             ; preds = %1
  %5 = getelementptr inbounds nuw i8, ptr %arg25, i64 8
  %6 = getelementptr inbounds nuw i8, ptr %arg25, i64 16
  %7 = getelementptr inbounds nuw i8, ptr %arg25, i64 24
  %8 = getelementptr inbounds nuw i8, ptr %arg25, i64 32
  %9 = getelementptr inbounds nuw i8, ptr %arg25, i64 40
  %10 = getelementptr inbounds nuw i8, ptr %arg25, i64 48
  %11 = getelementptr inbounds nuw i8, ptr %arg25, i64 56
  %12 = getelementptr inbounds nuw i8, ptr %arg25, i64 64
  br label %while.0.body.i

while.0.body.i:                                   ; preds = %while.0.body.i.lr.ph, %while.0.body.i
  %13 = load i32, ptr %arg23, align 64, !noalias !21
  store i32 %13, ptr %arg19, align 64, !noalias !21
  %14 = load i32, ptr %arg26, align 64, !noalias !21
  store i32 %14, ptr %arg23, align 64, !noalias !21
  %15 = load i32, ptr %arg24, align 64, !noalias !21
  store i32 %15, ptr %arg30, align 64, !noalias !21
  %16 = load float, ptr %arg19, align 64, !alias.scope !24, !noalias !26
  %add.10.i.i = fadd float %16, f0x3C23D70A
  %div.5.i.i = fdiv float 1.000000e+00, %add.10.i.i
  %add.9.i.i = fadd float %div.5.i.i, 1.000000e+00
  %div.4.i.i = fdiv float 1.000000e+00, %add.9.i.i
  store float %div.4.i.i, ptr %arg28, align 64, !alias.scope !32, !noalias !33
  %17 = add i32 %15, 1
  store i32 %17, ptr %arg24, align 64, !alias.scope !9, !noalias !37
  %18 = tail call i32 @llvm.smax.i32(i32 %15, i32 0)
  %19 = tail call i32 @llvm.umin.i32(i32 %18, i32 71)
  %20 = zext nneg i32 %19 to i64
  %21 = getelementptr inbounds nuw [1 x i8], ptr %arg21, i64 %20
  %22 = load i8, ptr %21, align 1, !alias.scope !42, !noalias !43
  %23 = getelementptr inbounds nuw [4 x i8], ptr %arg17, i64 %20
  %24 = load float, ptr %23, align 4, !alias.scope !44, !noalias !45
  %25 = trunc i8 %22 to i1
  %26 = load float, ptr %arg23, align 64, !alias.scope !46, !noalias !47
  %sub.2.i.i = fsub float %24, %26
  %27 = select i1 %25, float %sub.2.i.i, float 0.000000e+00
  %28 = getelementptr inbounds nuw [4 x i8], ptr %arg15, i64 %20
  store float %27, ptr %28, align 4, !alias.scope !48, !noalias !49
  %29 = load float, ptr %arg19, align 64, !alias.scope !24, !noalias !26
  %add.6.i.i = fadd float %29, f0x3C23D70A
  %30 = getelementptr inbounds nuw [4 x i8], ptr %arg27, i64 %20
  store float %add.6.i.i, ptr %30, align 4, !alias.scope !50, !noalias !51
  %31 = load float, ptr %arg28, align 64, !alias.scope !32, !noalias !33
  %32 = select i1 %25, float %31, float 0.000000e+00
  %33 = select i1 %25, float %24, float 0.000000e+00
  %sub.3.i.i = fsub float %33, %26
  %mul.2.i.i = fmul float %32, %sub.3.i.i
  %add.8.i.i = fadd float %26, %mul.2.i.i
  store float %add.8.i.i, ptr %arg26, align 64, !alias.scope !52, !noalias !53
  %34 = getelementptr inbounds nuw [4 x i8], ptr %arg22, i64 %20
  store float %32, ptr %34, align 4, !alias.scope !54, !noalias !55
  %35 = load float, ptr %arg19, align 64, !alias.scope !24, !noalias !26
  %36 = select i1 %25, float %31, float %35
  store float %36, ptr %arg23, align 64, !alias.scope !46, !noalias !56
  %37 = select i1 %25, float %add.8.i.i, float 0.000000e+00
  %38 = getelementptr inbounds nuw [4 x i8], ptr %arg16, i64 %20
  store float %37, ptr %38, align 4, !alias.scope !57, !noalias !58
  store ptr %arg24, ptr %arg25, align 64, !alias.scope !59, !noalias !60
  store ptr %arg26, ptr %5, align 8, !alias.scope !59, !noalias !60
  store ptr %arg23, ptr %6, align 16, !alias.scope !59, !noalias !60
  store ptr %arg16, ptr %7, align 8, !alias.scope !59, !noalias !60
  store ptr %arg15, ptr %8, align 32, !alias.scope !59, !noalias !60
  store ptr %arg27, ptr %9, align 8, !alias.scope !59, !noalias !60
  store ptr %arg22, ptr %10, align 16, !alias.scope !59, !noalias !60
  store ptr %arg17, ptr %11, align 8, !alias.scope !59, !noalias !60
  store ptr %arg21, ptr %12, align 64, !alias.scope !59, !noalias !60
  %39 = icmp slt i32 %17, 72
  %40 = zext i1 %39 to i8
  store i8 %40, ptr %arg18, align 64, !alias.scope !19, !noalias !20
  br i1 %39, label %while.0.body.i, label %return

return:                                           ; preds = %while.0.body.i, %1
  ret ptr null
}

; Function Attrs: mustprogress nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none)
declare i32 @llvm.smax.i32(i32, i32) #1

; Function Attrs: nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none)
declare i32 @llvm.umin.i32(i32, i32) #2

attributes #0 = { nofree norecurse nosync nounwind memory(readwrite, inaccessiblemem: none, target_mem: none) uwtable "frame-pointer"="all" "prefer-vector-width"="256" }
attributes #1 = { mustprogress nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none) }
attributes #2 = { nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none) }

!xla_cpu_memory_region_name = !{!0, !1}
!llvm.module.flags = !{!2}

!0 = !{!"xla_cpu_emitter__computation_kernel_emitter__hlo_opcode__call"}
!1 = !{!"ir_emitter"}
!2 = !{i32 1, !"xla_dylib_index", i64 0}
!3 = !{}
!4 = !{i64 288}
!5 = !{i64 64}
!6 = !{i64 1}
!7 = !{i64 4}
!8 = !{i64 72}
!9 = !{!10}
!10 = !{!"buffer: {index:15, offset:320, size:4}", !11}
!11 = !{!"XLA global AA domain"}
!12 = !{!13, !14, !15, !17}
!13 = !{!"buffer: {index:14, offset:0, size:4}", !11}
!14 = !{!"buffer: {index:15, offset:128, size:1}", !11}
!15 = distinct !{!15, !16, !"while.0__1: %buffer_table"}
!16 = distinct !{!16, !"while.0__1"}
!17 = distinct !{!17, !18, !"while.10_computation: %buffer_table"}
!18 = distinct !{!18, !"while.10_computation"}
!19 = !{!14}
!20 = !{!13, !10, !15, !17}
!21 = !{!22, !17}
!22 = distinct !{!22, !23, !"while.0: %buffer_table"}
!23 = distinct !{!23, !"while.0"}
!24 = !{!25}
!25 = !{!"buffer: {index:15, offset:192, size:4}", !11}
!26 = !{!27, !28, !29, !30, !31, !22, !17}
!27 = !{!"buffer: {index:2, offset:0, size:288}", !11}
!28 = !{!"buffer: {index:5, offset:0, size:72}", !11}
!29 = !{!"buffer: {index:9, offset:0, size:4}", !11}
!30 = !{!"buffer: {index:15, offset:128, size:4}", !11}
!31 = !{!"buffer: {index:15, offset:256, size:4}", !11}
!32 = !{!31}
!33 = !{!34, !35, !28, !36, !29, !30, !25, !22, !17}
!34 = !{!"buffer: {index:3, offset:0, size:288}", !11}
!35 = !{!"buffer: {index:4, offset:0, size:288}", !11}
!36 = !{!"buffer: {index:8, offset:0, size:4}", !11}
!37 = !{!38, !39, !27, !34, !35, !28, !40, !36, !29, !41, !30, !22, !17}
!38 = !{!"buffer: {index:0, offset:0, size:288}", !11}
!39 = !{!"buffer: {index:1, offset:0, size:288}", !11}
!40 = !{!"buffer: {index:6, offset:0, size:4}", !11}
!41 = !{!"buffer: {index:15, offset:0, size:72}", !11}
!42 = !{!28}
!43 = !{!38, !39, !27, !34, !35, !36, !29, !41, !30, !25, !31, !10, !22, !17}
!44 = !{!35}
!45 = !{!38, !39, !27, !34, !28, !36, !29, !41, !30, !31, !10, !22, !17}
!46 = !{!29}
!47 = !{!39, !35, !28, !36, !30, !31, !22, !17}
!48 = !{!39}
!49 = !{!38, !27, !34, !35, !28, !36, !29, !41, !30, !10, !22, !17}
!50 = !{!27}
!51 = !{!38, !39, !34, !35, !28, !36, !29, !41, !30, !25, !10, !22, !17}
!52 = !{!36}
!53 = !{!38, !39, !27, !34, !35, !28, !29, !41, !30, !31, !10, !22, !17}
!54 = !{!34}
!55 = !{!38, !39, !27, !35, !28, !36, !29, !41, !30, !31, !10, !22, !17}
!56 = !{!38, !39, !27, !34, !35, !28, !36, !41, !30, !25, !31, !10, !22, !17}
!57 = !{!38}
!58 = !{!39, !27, !34, !35, !28, !36, !29, !41, !30, !10, !22, !17}
!59 = !{!41}
!60 = !{!38, !39, !27, !34, !35, !28, !36, !29, !10, !22, !17}
