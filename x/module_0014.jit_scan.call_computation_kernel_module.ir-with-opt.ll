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
  %arg16 = load ptr, ptr %arg16_gep, align 8, !invariant.load !3, !dereferenceable !6, !align !5
  %arg17_gep = getelementptr i8, ptr %args, i64 272
  %arg17 = load ptr, ptr %arg17_gep, align 8, !invariant.load !3, !dereferenceable !4, !align !5
  %arg18_gep = getelementptr i8, ptr %args, i64 288
  %arg18 = load ptr, ptr %arg18_gep, align 8, !invariant.load !3, !dereferenceable !4, !align !5
  %arg19_gep = getelementptr i8, ptr %args, i64 304
  %arg19 = load ptr, ptr %arg19_gep, align 8, !invariant.load !3, !dereferenceable !7, !align !5
  %arg20_gep = getelementptr i8, ptr %args, i64 320
  %arg20 = load ptr, ptr %arg20_gep, align 8, !invariant.load !3, !dereferenceable !6, !align !5
  %arg22_gep = getelementptr i8, ptr %args, i64 352
  %arg22 = load ptr, ptr %arg22_gep, align 8, !invariant.load !3, !dereferenceable !6, !align !5
  %arg23_gep = getelementptr i8, ptr %args, i64 368
  %arg23 = load ptr, ptr %arg23_gep, align 8, !invariant.load !3, !dereferenceable !6, !align !5
  %arg24_gep = getelementptr i8, ptr %args, i64 384
  %arg24 = load ptr, ptr %arg24_gep, align 8, !invariant.load !3, !dereferenceable !6, !align !5
  %arg25_gep = getelementptr i8, ptr %args, i64 400
  %arg25 = load ptr, ptr %arg25_gep, align 8, !invariant.load !3, !dereferenceable !8, !align !5
  %arg26_gep = getelementptr i8, ptr %args, i64 416
  %arg26 = load ptr, ptr %arg26_gep, align 8, !invariant.load !3, !dereferenceable !4, !align !5
  %arg27_gep = getelementptr i8, ptr %args, i64 432
  %arg27 = load ptr, ptr %arg27_gep, align 8, !invariant.load !3, !dereferenceable !4, !align !5
  %arg28_gep = getelementptr i8, ptr %args, i64 448
  %arg28 = load ptr, ptr %arg28_gep, align 8, !invariant.load !3, !dereferenceable !9, !align !5
  %arg30_gep = getelementptr i8, ptr %args, i64 480
  %arg30 = load ptr, ptr %arg30_gep, align 8, !invariant.load !3, !dereferenceable !6, !align !5
  %2 = load i32, ptr %arg16, align 64, !alias.scope !10, !noalias !13
  %3 = icmp slt i32 %2, 58
  %4 = zext i1 %3 to i8
  store i8 %4, ptr %arg28, align 64, !alias.scope !20, !noalias !21
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
  %13 = load i32, ptr %arg23, align 64, !noalias !22
  store i32 %13, ptr %arg30, align 64, !noalias !22
  %14 = load i32, ptr %arg24, align 64, !noalias !22
  store i32 %14, ptr %arg23, align 64, !noalias !22
  %15 = load i32, ptr %arg16, align 64, !noalias !22
  store i32 %15, ptr %arg20, align 64, !noalias !22
  %16 = load float, ptr %arg30, align 64, !alias.scope !25, !noalias !27
  %add.10.i.i = fadd float %16, f0x358637BD
  %div.5.i.i = fdiv float 1.000000e+00, %add.10.i.i
  %add.9.i.i = fadd float %div.5.i.i, 1.000000e+00
  %div.4.i.i = fdiv float 1.000000e+00, %add.9.i.i
  store float %div.4.i.i, ptr %arg22, align 64, !alias.scope !33, !noalias !34
  %17 = add i32 %15, 1
  store i32 %17, ptr %arg16, align 64, !alias.scope !10, !noalias !38
  %18 = tail call i32 @llvm.smax.i32(i32 %15, i32 0)
  %19 = tail call i32 @llvm.umin.i32(i32 %18, i32 57)
  %20 = zext nneg i32 %19 to i64
  %21 = getelementptr inbounds nuw [1 x i8], ptr %arg19, i64 %20
  %22 = load i8, ptr %21, align 1, !alias.scope !43, !noalias !44
  %23 = getelementptr inbounds nuw [4 x i8], ptr %arg27, i64 %20
  %24 = load float, ptr %23, align 4, !alias.scope !45, !noalias !46
  %25 = trunc i8 %22 to i1
  %26 = load float, ptr %arg23, align 64, !alias.scope !47, !noalias !48
  %sub.2.i.i = fsub float %24, %26
  %27 = select i1 %25, float %sub.2.i.i, float 0.000000e+00
  %28 = getelementptr inbounds nuw [4 x i8], ptr %arg17, i64 %20
  store float %27, ptr %28, align 4, !alias.scope !49, !noalias !50
  %29 = load float, ptr %arg30, align 64, !alias.scope !25, !noalias !27
  %add.6.i.i = fadd float %29, f0x358637BD
  %30 = getelementptr inbounds nuw [4 x i8], ptr %arg18, i64 %20
  store float %add.6.i.i, ptr %30, align 4, !alias.scope !51, !noalias !52
  %31 = load float, ptr %arg22, align 64, !alias.scope !33, !noalias !34
  %32 = select i1 %25, float %31, float 0.000000e+00
  %33 = select i1 %25, float %24, float 0.000000e+00
  %sub.3.i.i = fsub float %33, %26
  %mul.2.i.i = fmul float %32, %sub.3.i.i
  %add.8.i.i = fadd float %26, %mul.2.i.i
  store float %add.8.i.i, ptr %arg24, align 64, !alias.scope !53, !noalias !54
  %34 = getelementptr inbounds nuw [4 x i8], ptr %arg15, i64 %20
  store float %32, ptr %34, align 4, !alias.scope !55, !noalias !56
  %35 = load float, ptr %arg30, align 64, !alias.scope !25, !noalias !27
  %36 = select i1 %25, float %31, float %35
  store float %36, ptr %arg23, align 64, !alias.scope !47, !noalias !57
  %37 = select i1 %25, float %add.8.i.i, float 0.000000e+00
  %38 = getelementptr inbounds nuw [4 x i8], ptr %arg26, i64 %20
  store float %37, ptr %38, align 4, !alias.scope !58, !noalias !59
  store ptr %arg16, ptr %arg25, align 64, !alias.scope !60, !noalias !61
  store ptr %arg24, ptr %5, align 8, !alias.scope !60, !noalias !61
  store ptr %arg23, ptr %6, align 16, !alias.scope !60, !noalias !61
  store ptr %arg26, ptr %7, align 8, !alias.scope !60, !noalias !61
  store ptr %arg17, ptr %8, align 32, !alias.scope !60, !noalias !61
  store ptr %arg18, ptr %9, align 8, !alias.scope !60, !noalias !61
  store ptr %arg15, ptr %10, align 16, !alias.scope !60, !noalias !61
  store ptr %arg27, ptr %11, align 8, !alias.scope !60, !noalias !61
  store ptr %arg19, ptr %12, align 64, !alias.scope !60, !noalias !61
  %39 = icmp slt i32 %17, 58
  %40 = zext i1 %39 to i8
  store i8 %40, ptr %arg28, align 64, !alias.scope !20, !noalias !21
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
!4 = !{i64 232}
!5 = !{i64 64}
!6 = !{i64 4}
!7 = !{i64 58}
!8 = !{i64 72}
!9 = !{i64 1}
!10 = !{!11}
!11 = !{!"buffer: {index:15, offset:320, size:4}", !12}
!12 = !{!"XLA global AA domain"}
!13 = !{!14, !15, !16, !18}
!14 = !{!"buffer: {index:14, offset:0, size:4}", !12}
!15 = !{!"buffer: {index:15, offset:128, size:1}", !12}
!16 = distinct !{!16, !17, !"while.0__1: %buffer_table"}
!17 = distinct !{!17, !"while.0__1"}
!18 = distinct !{!18, !19, !"while.10_computation: %buffer_table"}
!19 = distinct !{!19, !"while.10_computation"}
!20 = !{!15}
!21 = !{!14, !11, !16, !18}
!22 = !{!23, !18}
!23 = distinct !{!23, !24, !"while.0: %buffer_table"}
!24 = distinct !{!24, !"while.0"}
!25 = !{!26}
!26 = !{!"buffer: {index:15, offset:192, size:4}", !12}
!27 = !{!28, !29, !30, !31, !32, !23, !18}
!28 = !{!"buffer: {index:2, offset:0, size:232}", !12}
!29 = !{!"buffer: {index:6, offset:0, size:58}", !12}
!30 = !{!"buffer: {index:9, offset:0, size:4}", !12}
!31 = !{!"buffer: {index:15, offset:128, size:4}", !12}
!32 = !{!"buffer: {index:15, offset:256, size:4}", !12}
!33 = !{!32}
!34 = !{!35, !36, !29, !37, !30, !31, !26, !23, !18}
!35 = !{!"buffer: {index:3, offset:0, size:232}", !12}
!36 = !{!"buffer: {index:4, offset:0, size:232}", !12}
!37 = !{!"buffer: {index:8, offset:0, size:4}", !12}
!38 = !{!39, !40, !28, !35, !36, !41, !29, !37, !30, !42, !31, !23, !18}
!39 = !{!"buffer: {index:0, offset:0, size:232}", !12}
!40 = !{!"buffer: {index:1, offset:0, size:232}", !12}
!41 = !{!"buffer: {index:5, offset:0, size:4}", !12}
!42 = !{!"buffer: {index:15, offset:0, size:72}", !12}
!43 = !{!29}
!44 = !{!39, !40, !28, !35, !36, !37, !30, !42, !31, !26, !32, !11, !23, !18}
!45 = !{!36}
!46 = !{!39, !40, !28, !35, !29, !37, !30, !42, !31, !32, !11, !23, !18}
!47 = !{!30}
!48 = !{!40, !36, !29, !37, !31, !32, !23, !18}
!49 = !{!40}
!50 = !{!39, !28, !35, !36, !29, !37, !30, !42, !31, !11, !23, !18}
!51 = !{!28}
!52 = !{!39, !40, !35, !36, !29, !37, !30, !42, !31, !26, !11, !23, !18}
!53 = !{!37}
!54 = !{!39, !40, !28, !35, !36, !29, !30, !42, !31, !32, !11, !23, !18}
!55 = !{!35}
!56 = !{!39, !40, !28, !36, !29, !37, !30, !42, !31, !32, !11, !23, !18}
!57 = !{!39, !40, !28, !35, !36, !29, !37, !42, !31, !26, !32, !11, !23, !18}
!58 = !{!39}
!59 = !{!40, !28, !35, !36, !29, !37, !30, !42, !31, !11, !23, !18}
!60 = !{!42}
!61 = !{!39, !40, !28, !35, !36, !29, !37, !30, !11, !23, !18}
