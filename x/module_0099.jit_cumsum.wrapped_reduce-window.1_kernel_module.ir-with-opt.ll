; ModuleID = '__compute_module_wrapped_reduce-window.1_kernel_module'
source_filename = "__compute_module_wrapped_reduce-window.1_kernel_module"
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

; Function Attrs: nofree norecurse nosync nounwind memory(readwrite, target_mem: none) uwtable
define noalias noundef ptr @wrapped_reduce-window.1(ptr nofree readonly captures(none) %0) local_unnamed_addr #0 {
  %2 = getelementptr inbounds nuw i8, ptr %0, i64 24
  %3 = load ptr, ptr %2, align 8, !invariant.load !3
  %4 = load ptr, ptr %3, align 8, !invariant.load !3, !dereferenceable !4
  %5 = getelementptr inbounds nuw i8, ptr %3, i64 16
  %6 = load ptr, ptr %5, align 8, !invariant.load !3, !dereferenceable !5
  %7 = getelementptr inbounds nuw i8, ptr %3, i64 32
  %8 = load ptr, ptr %7, align 8, !invariant.load !3, !dereferenceable !6
  tail call void @llvm.experimental.noalias.scope.decl(metadata !7)
  tail call void @llvm.experimental.noalias.scope.decl(metadata !10)
  tail call void @llvm.experimental.noalias.scope.decl(metadata !12)
  %9 = load float, ptr %6, align 4, !invariant.load !3, !alias.scope !10, !noalias !14
  br label %.preheader

.preheader:                                       ; preds = %1, %48
  %10 = phi i64 [ 0, %1 ], [ %49, %48 ]
  %11 = icmp samesign ugt i64 %10, 4
  br i1 %11, label %.thread, label %17

.thread:                                          ; preds = %.preheader
  %12 = getelementptr [4 x i8], ptr %4, i64 %10
  %13 = getelementptr i8, ptr %12, i64 -20
  %14 = load float, ptr %13, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %15 = fadd reassoc float %9, %14
  %16 = add nuw nsw i64 %10, 1
  br label %.thread6

17:                                               ; preds = %.preheader
  %18 = add nuw nsw i64 %10, 1
  %19 = icmp eq i64 %10, 4
  br i1 %19, label %.thread6, label %26

.thread6:                                         ; preds = %17, %.thread
  %20 = phi i64 [ %16, %.thread ], [ %18, %17 ]
  %21 = phi float [ %15, %.thread ], [ %9, %17 ]
  %22 = getelementptr [4 x i8], ptr %4, i64 %20
  %23 = getelementptr i8, ptr %22, i64 -20
  %24 = load float, ptr %23, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %25 = fadd reassoc float %21, %24
  br label %.thread7

26:                                               ; preds = %17
  %27 = icmp samesign ugt i64 %10, 2
  br i1 %27, label %.thread7, label %34

.thread7:                                         ; preds = %26, %.thread6
  %28 = phi float [ %25, %.thread6 ], [ %9, %26 ]
  %29 = phi i64 [ %20, %.thread6 ], [ %18, %26 ]
  %30 = getelementptr [4 x i8], ptr %4, i64 %10
  %31 = getelementptr i8, ptr %30, i64 -12
  %32 = load float, ptr %31, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %33 = fadd reassoc float %28, %32
  br label %.thread8

34:                                               ; preds = %26
  switch i64 %10, label %41 [
    i64 2, label %.thread8
    i64 0, label %48
  ]

.thread8:                                         ; preds = %34, %.thread7
  %35 = phi float [ %33, %.thread7 ], [ %9, %34 ]
  %36 = phi i64 [ %29, %.thread7 ], [ %18, %34 ]
  %37 = getelementptr [4 x i8], ptr %4, i64 %10
  %38 = getelementptr i8, ptr %37, i64 -8
  %39 = load float, ptr %38, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %40 = fadd reassoc float %35, %39
  br label %41

41:                                               ; preds = %34, %.thread8
  %42 = phi float [ %40, %.thread8 ], [ %9, %34 ]
  %43 = phi i64 [ %36, %.thread8 ], [ %18, %34 ]
  %44 = getelementptr [4 x i8], ptr %4, i64 %10
  %45 = getelementptr i8, ptr %44, i64 -4
  %46 = load float, ptr %45, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %47 = fadd reassoc float %42, %46
  br label %48

48:                                               ; preds = %34, %41
  %49 = phi i64 [ %43, %41 ], [ %18, %34 ]
  %50 = phi float [ %47, %41 ], [ %9, %34 ]
  %51 = getelementptr inbounds nuw [4 x i8], ptr %8, i64 %10
  store float %50, ptr %51, align 4, !alias.scope !12, !noalias !16
  %exitcond.not = icmp eq i64 %49, 6
  br i1 %exitcond.not, label %wrapped_reduce-window.1_wrapped.exit, label %.preheader, !llvm.loop !17

wrapped_reduce-window.1_wrapped.exit:             ; preds = %48
  ret ptr null
}

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn memory(inaccessiblemem: readwrite)
declare void @llvm.experimental.noalias.scope.decl(metadata) #1

attributes #0 = { nofree norecurse nosync nounwind memory(readwrite, target_mem: none) uwtable "frame-pointer"="all" "prefer-vector-width"="256" }
attributes #1 = { mustprogress nocallback nofree nosync nounwind willreturn memory(inaccessiblemem: readwrite) }

!llvm.module.flags = !{!0, !1}
!xla_cpu_memory_region_name = !{!2}

!0 = !{i32 2, !"Debug Info Version", i32 3}
!1 = !{i32 1, !"xla_dylib_index", i64 4}
!2 = !{!"xla_cpu_emitter__loop_fusion_kernel_emitter__hlo_opcode__fusion"}
!3 = !{}
!4 = !{i64 20}
!5 = !{i64 4}
!6 = !{i64 24}
!7 = !{!8}
!8 = distinct !{!8, !9, !"wrapped_reduce-window.1_wrapped: argument 0"}
!9 = distinct !{!9, !"wrapped_reduce-window.1_wrapped"}
!10 = !{!11}
!11 = distinct !{!11, !9, !"wrapped_reduce-window.1_wrapped: argument 1"}
!12 = !{!13}
!13 = distinct !{!13, !9, !"wrapped_reduce-window.1_wrapped: argument 2"}
!14 = !{!8, !13}
!15 = !{!11, !13}
!16 = !{!8, !11}
!17 = distinct !{!17, !18}
!18 = !{!"llvm.loop.unroll.disable"}
