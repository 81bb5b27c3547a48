; ModuleID = '__compute_module_broadcast_select_fusion_kernel_module'
source_filename = "__compute_module_broadcast_select_fusion_kernel_module"
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

; Function Attrs: nofree norecurse nosync nounwind memory(readwrite, target_mem: none) uwtable
define noalias noundef ptr @broadcast_select_fusion(ptr nofree readonly captures(none) %0) local_unnamed_addr #0 {
iter.check:
  %1 = getelementptr inbounds nuw i8, ptr %0, i64 24
  %2 = load ptr, ptr %1, align 8, !invariant.load !3
  %3 = load ptr, ptr %2, align 8, !invariant.load !3, !dereferenceable !4
  %4 = getelementptr inbounds nuw i8, ptr %2, i64 16
  %5 = load ptr, ptr %4, align 8, !invariant.load !3, !dereferenceable !5
  %6 = getelementptr inbounds nuw i8, ptr %2, i64 32
  %7 = load ptr, ptr %6, align 8, !invariant.load !3, !dereferenceable !6
  %8 = getelementptr inbounds nuw i8, ptr %2, i64 48
  %9 = load ptr, ptr %8, align 8, !invariant.load !3, !dereferenceable !5
  tail call void @llvm.experimental.noalias.scope.decl(metadata !7)
  tail call void @llvm.experimental.noalias.scope.decl(metadata !10)
  tail call void @llvm.experimental.noalias.scope.decl(metadata !12)
  tail call void @llvm.experimental.noalias.scope.decl(metadata !14)
  %10 = load float, ptr %7, align 4, !invariant.load !3, !alias.scope !12, !noalias !16
  %broadcast.splatinsert = insertelement <8 x float> poison, float %10, i64 0
  %broadcast.splat = shufflevector <8 x float> %broadcast.splatinsert, <8 x float> poison, <8 x i32> zeroinitializer
  %11 = getelementptr inbounds nuw i8, ptr %3, i64 8
  %wide.load = load <8 x i8>, ptr %3, align 1, !invariant.load !3, !alias.scope !7, !noalias !17
  %wide.load1 = load <8 x i8>, ptr %11, align 1, !invariant.load !3, !alias.scope !7, !noalias !17
  %12 = getelementptr inbounds nuw i8, ptr %5, i64 32
  %wide.load2 = load <8 x float>, ptr %5, align 4, !invariant.load !3, !alias.scope !10, !noalias !18
  %wide.load3 = load <8 x float>, ptr %12, align 4, !invariant.load !3, !alias.scope !10, !noalias !18
  %13 = trunc <8 x i8> %wide.load to <8 x i1>
  %14 = trunc <8 x i8> %wide.load1 to <8 x i1>
  %15 = select <8 x i1> %13, <8 x float> %wide.load2, <8 x float> %broadcast.splat
  %16 = select <8 x i1> %14, <8 x float> %wide.load3, <8 x float> %broadcast.splat
  %17 = getelementptr inbounds nuw i8, ptr %9, i64 32
  store <8 x float> %15, ptr %9, align 4, !alias.scope !14, !noalias !19
  store <8 x float> %16, ptr %17, align 4, !alias.scope !14, !noalias !19
  %18 = getelementptr inbounds nuw i8, ptr %3, i64 16
  %19 = getelementptr inbounds nuw i8, ptr %3, i64 24
  %wide.load.1 = load <8 x i8>, ptr %18, align 1, !invariant.load !3, !alias.scope !7, !noalias !17
  %wide.load1.1 = load <8 x i8>, ptr %19, align 1, !invariant.load !3, !alias.scope !7, !noalias !17
  %20 = getelementptr inbounds nuw i8, ptr %5, i64 64
  %21 = getelementptr inbounds nuw i8, ptr %5, i64 96
  %wide.load2.1 = load <8 x float>, ptr %20, align 4, !invariant.load !3, !alias.scope !10, !noalias !18
  %wide.load3.1 = load <8 x float>, ptr %21, align 4, !invariant.load !3, !alias.scope !10, !noalias !18
  %22 = trunc <8 x i8> %wide.load.1 to <8 x i1>
  %23 = trunc <8 x i8> %wide.load1.1 to <8 x i1>
  %24 = select <8 x i1> %22, <8 x float> %wide.load2.1, <8 x float> %broadcast.splat
  %25 = select <8 x i1> %23, <8 x float> %wide.load3.1, <8 x float> %broadcast.splat
  %26 = getelementptr inbounds nuw i8, ptr %9, i64 64
  %27 = getelementptr inbounds nuw i8, ptr %9, i64 96
  store <8 x float> %24, ptr %26, align 4, !alias.scope !14, !noalias !19
  store <8 x float> %25, ptr %27, align 4, !alias.scope !14, !noalias !19
  %28 = getelementptr inbounds nuw i8, ptr %3, i64 32
  %29 = getelementptr inbounds nuw i8, ptr %3, i64 40
  %wide.load.2 = load <8 x i8>, ptr %28, align 1, !invariant.load !3, !alias.scope !7, !noalias !17
  %wide.load1.2 = load <8 x i8>, ptr %29, align 1, !invariant.load !3, !alias.scope !7, !noalias !17
  %30 = getelementptr inbounds nuw i8, ptr %5, i64 128
  %31 = getelementptr inbounds nuw i8, ptr %5, i64 160
  %wide.load2.2 = load <8 x float>, ptr %30, align 4, !invariant.load !3, !alias.scope !10, !noalias !18
  %wide.load3.2 = load <8 x float>, ptr %31, align 4, !invariant.load !3, !alias.scope !10, !noalias !18
  %32 = trunc <8 x i8> %wide.load.2 to <8 x i1>
  %33 = trunc <8 x i8> %wide.load1.2 to <8 x i1>
  %34 = select <8 x i1> %32, <8 x float> %wide.load2.2, <8 x float> %broadcast.splat
  %35 = select <8 x i1> %33, <8 x float> %wide.load3.2, <8 x float> %broadcast.splat
  %36 = getelementptr inbounds nuw i8, ptr %9, i64 128
  %37 = getelementptr inbounds nuw i8, ptr %9, i64 160
  store <8 x float> %34, ptr %36, align 4, !alias.scope !14, !noalias !19
  store <8 x float> %35, ptr %37, align 4, !alias.scope !14, !noalias !19
  %broadcast.splatinsert4 = insertelement <8 x float> poison, float %10, i64 0
  %broadcast.splat5 = shufflevector <8 x float> %broadcast.splatinsert4, <8 x float> poison, <8 x i32> zeroinitializer
  %38 = getelementptr inbounds nuw i8, ptr %3, i64 48
  %wide.load7 = load <8 x i8>, ptr %38, align 1, !invariant.load !3, !alias.scope !7, !noalias !17
  %39 = getelementptr inbounds nuw i8, ptr %5, i64 192
  %wide.load8 = load <8 x float>, ptr %39, align 4, !invariant.load !3, !alias.scope !10, !noalias !18
  %40 = trunc <8 x i8> %wide.load7 to <8 x i1>
  %41 = select <8 x i1> %40, <8 x float> %wide.load8, <8 x float> %broadcast.splat5
  %42 = getelementptr inbounds nuw i8, ptr %9, i64 192
  store <8 x float> %41, ptr %42, align 4, !alias.scope !14, !noalias !19
  %43 = getelementptr inbounds nuw i8, ptr %3, i64 56
  %44 = load i8, ptr %43, align 1, !invariant.load !3, !alias.scope !7, !noalias !17
  %45 = getelementptr inbounds nuw i8, ptr %5, i64 224
  %46 = load float, ptr %45, align 4, !invariant.load !3, !alias.scope !10, !noalias !18
  %47 = trunc i8 %44 to i1
  %48 = select i1 %47, float %46, float %10
  %49 = getelementptr inbounds nuw i8, ptr %9, i64 224
  store float %48, ptr %49, align 4, !alias.scope !14, !noalias !19
  %50 = getelementptr inbounds nuw i8, ptr %3, i64 57
  %51 = load i8, ptr %50, align 1, !invariant.load !3, !alias.scope !7, !noalias !17
  %52 = getelementptr inbounds nuw i8, ptr %5, i64 228
  %53 = load float, ptr %52, align 4, !invariant.load !3, !alias.scope !10, !noalias !18
  %54 = trunc i8 %51 to i1
  %55 = select i1 %54, float %53, float %10
  %56 = getelementptr inbounds nuw i8, ptr %9, i64 228
  store float %55, ptr %56, align 4, !alias.scope !14, !noalias !19
  ret ptr null
}

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn memory(inaccessiblemem: readwrite)
declare void @llvm.experimental.noalias.scope.decl(metadata) #1

attributes #0 = { nofree norecurse nosync nounwind memory(readwrite, target_mem: none) uwtable "frame-pointer"="all" "prefer-vector-width"="256" }
attributes #1 = { mustprogress nocallback nofree nosync nounwind willreturn memory(inaccessiblemem: readwrite) }

!llvm.module.flags = !{!0, !1}
!xla_cpu_memory_region_name = !{!2}

!0 = !{i32 2, !"Debug Info Version", i32 3}
!1 = !{i32 1, !"xla_dylib_index", i64 0}
!2 = !{!"xla_cpu_emitter__loop_fusion_kernel_emitter__hlo_opcode__fusion"}
!3 = !{}
!4 = !{i64 58}
!5 = !{i64 232}
!6 = !{i64 4}
!7 = !{!8}
!8 = distinct !{!8, !9, !"broadcast_select_fusion_wrapped: argument 0"}
!9 = distinct !{!9, !"broadcast_select_fusion_wrapped"}
!10 = !{!11}
!11 = distinct !{!11, !9, !"broadcast_select_fusion_wrapped: argument 1"}
!12 = !{!13}
!13 = distinct !{!13, !9, !"broadcast_select_fusion_wrapped: argument 2"}
!14 = !{!15}
!15 = distinct !{!15, !9, !"broadcast_select_fusion_wrapped: argument 3"}
!16 = !{!8, !11, !15}
!17 = !{!11, !13, !15}
!18 = !{!8, !13, !15}
!19 = !{!8, !11, !13}
