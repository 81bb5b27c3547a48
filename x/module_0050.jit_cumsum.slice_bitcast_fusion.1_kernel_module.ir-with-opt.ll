; ModuleID = '__compute_module_slice_bitcast_fusion.1_kernel_module'
source_filename = "__compute_module_slice_bitcast_fusion.1_kernel_module"
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

; Function Attrs: nofree norecurse nosync nounwind memory(readwrite, target_mem: none) uwtable
define noalias noundef ptr @slice_bitcast_fusion.1(ptr nofree readonly captures(none) %0) local_unnamed_addr #0 {
  %2 = getelementptr inbounds nuw i8, ptr %0, i64 24
  %3 = load ptr, ptr %2, align 8, !invariant.load !3
  %4 = load ptr, ptr %3, align 8, !invariant.load !3, !dereferenceable !4
  %5 = getelementptr inbounds nuw i8, ptr %3, i64 16
  %6 = load ptr, ptr %5, align 8, !invariant.load !3, !dereferenceable !5
  tail call void @llvm.experimental.noalias.scope.decl(metadata !6)
  tail call void @llvm.experimental.noalias.scope.decl(metadata !9)
  br label %.preheader

.preheader:                                       ; preds = %1, %.preheader
  %7 = phi i64 [ 0, %1 ], [ %57, %.preheader ]
  %.idx = shl i64 %7, 10
  %8 = getelementptr i8, ptr %4, i64 %.idx
  %.idx2 = shl i64 %7, 6
  %9 = getelementptr i8, ptr %6, i64 %.idx2
  %10 = getelementptr i8, ptr %8, i64 60
  %11 = load float, ptr %10, align 4, !invariant.load !3, !alias.scope !6, !noalias !9
  store float %11, ptr %9, align 4, !alias.scope !9, !noalias !6
  %12 = getelementptr i8, ptr %8, i64 124
  %13 = load float, ptr %12, align 4, !invariant.load !3, !alias.scope !6, !noalias !9
  %14 = getelementptr i8, ptr %9, i64 4
  store float %13, ptr %14, align 4, !alias.scope !9, !noalias !6
  %15 = getelementptr i8, ptr %8, i64 188
  %16 = load float, ptr %15, align 4, !invariant.load !3, !alias.scope !6, !noalias !9
  %17 = getelementptr i8, ptr %9, i64 8
  store float %16, ptr %17, align 4, !alias.scope !9, !noalias !6
  %18 = getelementptr i8, ptr %8, i64 252
  %19 = load float, ptr %18, align 4, !invariant.load !3, !alias.scope !6, !noalias !9
  %20 = getelementptr i8, ptr %9, i64 12
  store float %19, ptr %20, align 4, !alias.scope !9, !noalias !6
  %21 = getelementptr i8, ptr %8, i64 316
  %22 = load float, ptr %21, align 4, !invariant.load !3, !alias.scope !6, !noalias !9
  %23 = getelementptr i8, ptr %9, i64 16
  store float %22, ptr %23, align 4, !alias.scope !9, !noalias !6
  %24 = getelementptr i8, ptr %8, i64 380
  %25 = load float, ptr %24, align 4, !invariant.load !3, !alias.scope !6, !noalias !9
  %26 = getelementptr i8, ptr %9, i64 20
  store float %25, ptr %26, align 4, !alias.scope !9, !noalias !6
  %27 = getelementptr i8, ptr %8, i64 444
  %28 = load float, ptr %27, align 4, !invariant.load !3, !alias.scope !6, !noalias !9
  %29 = getelementptr i8, ptr %9, i64 24
  store float %28, ptr %29, align 4, !alias.scope !9, !noalias !6
  %30 = getelementptr i8, ptr %8, i64 508
  %31 = load float, ptr %30, align 4, !invariant.load !3, !alias.scope !6, !noalias !9
  %32 = getelementptr i8, ptr %9, i64 28
  store float %31, ptr %32, align 4, !alias.scope !9, !noalias !6
  %33 = getelementptr i8, ptr %8, i64 572
  %34 = load float, ptr %33, align 4, !invariant.load !3, !alias.scope !6, !noalias !9
  %35 = getelementptr i8, ptr %9, i64 32
  store float %34, ptr %35, align 4, !alias.scope !9, !noalias !6
  %36 = getelementptr i8, ptr %8, i64 636
  %37 = load float, ptr %36, align 4, !invariant.load !3, !alias.scope !6, !noalias !9
  %38 = getelementptr i8, ptr %9, i64 36
  store float %37, ptr %38, align 4, !alias.scope !9, !noalias !6
  %39 = getelementptr i8, ptr %8, i64 700
  %40 = load float, ptr %39, align 4, !invariant.load !3, !alias.scope !6, !noalias !9
  %41 = getelementptr i8, ptr %9, i64 40
  store float %40, ptr %41, align 4, !alias.scope !9, !noalias !6
  %42 = getelementptr i8, ptr %8, i64 764
  %43 = load float, ptr %42, align 4, !invariant.load !3, !alias.scope !6, !noalias !9
  %44 = getelementptr i8, ptr %9, i64 44
  store float %43, ptr %44, align 4, !alias.scope !9, !noalias !6
  %45 = getelementptr i8, ptr %8, i64 828
  %46 = load float, ptr %45, align 4, !invariant.load !3, !alias.scope !6, !noalias !9
  %47 = getelementptr i8, ptr %9, i64 48
  store float %46, ptr %47, align 4, !alias.scope !9, !noalias !6
  %48 = getelementptr i8, ptr %8, i64 892
  %49 = load float, ptr %48, align 4, !invariant.load !3, !alias.scope !6, !noalias !9
  %50 = getelementptr i8, ptr %9, i64 52
  store float %49, ptr %50, align 4, !alias.scope !9, !noalias !6
  %51 = getelementptr i8, ptr %8, i64 956
  %52 = load float, ptr %51, align 4, !invariant.load !3, !alias.scope !6, !noalias !9
  %53 = getelementptr i8, ptr %9, i64 56
  store float %52, ptr %53, align 4, !alias.scope !9, !noalias !6
  %54 = getelementptr i8, ptr %8, i64 1020
  %55 = load float, ptr %54, align 4, !invariant.load !3, !alias.scope !6, !noalias !9
  %56 = getelementptr i8, ptr %9, i64 60
  store float %55, ptr %56, align 4, !alias.scope !9, !noalias !6
  %57 = add nuw nsw i64 %7, 1
  %exitcond.not = icmp eq i64 %57, 4
  br i1 %exitcond.not, label %slice_bitcast_fusion.1_wrapped.exit, label %.preheader, !llvm.loop !11

slice_bitcast_fusion.1_wrapped.exit:              ; preds = %.preheader
  ret ptr null
}

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn memory(inaccessiblemem: readwrite)
declare void @llvm.experimental.noalias.scope.decl(metadata) #1

attributes #0 = { nofree norecurse nosync nounwind memory(readwrite, target_mem: none) uwtable "frame-pointer"="all" "prefer-vector-width"="256" }
attributes #1 = { mustprogress nocallback nofree nosync nounwind willreturn memory(inaccessiblemem: readwrite) }

!llvm.module.flags = !{!0, !1}
!xla_cpu_memory_region_name = !{!2}

!0 = !{i32 2, !"Debug Info Version", i32 3}
!1 = !{i32 1, !"xla_dylib_index", i64 2}
!2 = !{!"xla_cpu_emitter__loop_fusion_kernel_emitter__hlo_opcode__fusion"}
!3 = !{}
!4 = !{i64 4096}
!5 = !{i64 256}
!6 = !{!7}
!7 = distinct !{!7, !8, !"slice_bitcast_fusion.1_wrapped: argument 0"}
!8 = distinct !{!8, !"slice_bitcast_fusion.1_wrapped"}
!9 = !{!10}
!10 = distinct !{!10, !8, !"slice_bitcast_fusion.1_wrapped: argument 1"}
!11 = distinct !{!11, !12}
!12 = !{!"llvm.loop.unroll.disable"}
